from tracker.enrichment.ledger import Ledger


def test_cost_and_savings() -> None:
    ledger = Ledger(cost_per_call=0.5, calls=4, cache_hits=3, shared=1)
    ledger.failures["timeout"] += 2
    snapshot = ledger.snapshot()
    assert (snapshot["cost"], snapshot["saved"]) == (2.0, 2.0)
    assert snapshot["failures"] == {"timeout": 2}
