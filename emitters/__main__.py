"""Command line of the stand-ins: ``python -m emitters sessions|deanonymizer|traffic``."""

from typing import Annotated

import typer

from emitters import deanonymizer as deanonymizer_module
from emitters import sessions as sessions_module
from emitters.answer_faults import ANSWER_FAULTS
from emitters.deanonymizer import Deanonymizer
from emitters.door import CONNECTION_FAULTS
from emitters.schedule import MILD_FAULTS
from emitters.serving import announce, run_until_stopped, say, serve
from emitters.sessions import SessionEmitter
from emitters.visit_faults import VISIT_FAULTS

MILD_FAULT_RATE = 0.04
MILD_DROP_EVERY_S = 240.0

app = typer.Typer(
    help="Stand-ins for the world outside of the service. One --seed is one world for all three.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Seed = Annotated[int, typer.Option(help="The same seed is the same world.")]
Speed = Annotated[float, typer.Option(min=0.001, help="How many times faster than real time.")]
Faults = Annotated[list[str] | None, typer.Option("--fault", metavar="NAME", help="See above; repeatable.")]
FaultRate = Annotated[float, typer.Option(min=0, max=1, help="Share that the faults happen to.")]
RetryAfter = Annotated[str, typer.Option(help="Retry-After: seconds, 'date', any text, '' for none.")]


def _table(heading: str, faults: dict[str, str]) -> str:
    width = max(map(len, faults))
    rows = "\n".join(f"  {name:<{width}}  {text}" for name, text in faults.items())
    return f"\b\n{heading}\n{rows}"


_SESSIONS_HELP = "\n\n".join(
    (
        "Session emitter: a WebSocket feed of people who come and go.",
        "Without --fault the feed is mildly erratic: " + ", ".join(MILD_FAULTS) + " now and then, and all"
        " connections drop every four minutes. --fault none makes it clean.",
        _table(
            "Faults of visits and frames, for --fault-rate of the visits:",
            {name: fault.text for name, fault in VISIT_FAULTS.items()},
        ),
        _table("Faults of connections, one at a time:", CONNECTION_FAULTS),
    )
)

_DEANONYMIZER_HELP = "\n\n".join(
    (
        "Deanonymizer: POST /deanonymize answers who is behind an address.",
        _table("Faults of answers, for --fault-rate of the calls:", ANSWER_FAULTS),
    )
)


@app.command(help=_SESSIONS_HELP)
def sessions(
    host: Host = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes any free port.")
    ] = sessions_module.DEFAULT_PORT,
    seed: Seed = 1,
    rate: Annotated[float, typer.Option(min=0, help="Frames a second.")] = 20.0,
    speed: Speed = 1.0,
    fault: Faults = None,
    fault_rate: FaultRate = 0.05,
    drop_every: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds after which all connections drop.")
    ] = None,
    retry_after: RetryAfter = "5",
) -> None:
    names = fault or []
    unknown = [n for n in names if n not in VISIT_FAULTS and n not in CONNECTION_FAULTS and n != "none"]
    connection_faults = [name for name in names if name in CONNECTION_FAULTS]
    if unknown:
        raise typer.BadParameter(f"no fault is called {', '.join(unknown)}", param_hint="--fault")
    if len(connection_faults) > 1:
        raise typer.BadParameter("only one fault of connections at a time", param_hint="--fault")
    emitter = SessionEmitter(
        host=host,
        port=port,
        rate=rate,
        seed=seed,
        speed=speed,
        faults=[name for name in names if name in VISIT_FAULTS] if names else MILD_FAULTS,
        fault_rate=fault_rate if names else MILD_FAULT_RATE,
        connection_fault=connection_faults[0] if connection_faults else None,
        drop_every_s=drop_every if names or drop_every else MILD_DROP_EVERY_S,
        retry_after=retry_after,
    )
    run_until_stopped(serve("sessions", emitter))


@app.command(help=_DEANONYMIZER_HELP)
def deanonymizer(
    host: Host = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes any free port.")
    ] = deanonymizer_module.DEFAULT_PORT,
    seed: Seed = 1,
    rate: Annotated[float, typer.Option(min=0, help="Calls a second before 429; 0 is no limit.")] = 0.0,
    speed: Speed = 1.0,
    failures: Annotated[float, typer.Option(min=0, max=1, help="Share of the calls that get a 500.")] = 0.1,
    fault: Faults = None,
    fault_rate: FaultRate = 1.0,
    latency: Annotated[float, typer.Option(min=0, help="Seconds that --fault latency takes.")] = 2.0,
    retry_after: RetryAfter = "2",
) -> None:
    names = [name for name in fault or [] if name != "none"]
    unknown = [name for name in names if name not in ANSWER_FAULTS]
    if unknown:
        raise typer.BadParameter(f"no fault is called {', '.join(unknown)}", param_hint="--fault")
    service = Deanonymizer(
        host=host,
        port=port,
        seed=seed,
        failures=failures,
        rate=rate,
        speed=speed,
        faults=names,
        fault_rate=fault_rate,
        latency_s=latency,
        retry_after=retry_after,
    )
    run_until_stopped(serve("deanonymizer", service))


@app.command()
def traffic(
    url: Annotated[str, typer.Option(help="Where events go.")] = "http://127.0.0.1:3000/api/events",
    seed: Seed = 1,
    rate: Annotated[float, typer.Option(min=0, help="Events a second.")] = 5.0,
    visitors: Annotated[int, typer.Option(min=1, help="People on the site at once.")] = 40,
    speed: Speed = 1.0,
    key: Annotated[str | None, typer.Option(envvar="EMITTERS_KEY", help="Ingest key.")] = None,
) -> None:
    """Site traffic: people who look at pages, as POSTs to the service."""
    # Half a second of start-up time is httpx, which only this one needs.
    from emitters.traffic import Traffic

    work = Traffic(url, rate=rate, visitors=visitors, seed=seed, speed=speed, key=key, say=say)
    run_until_stopped(announce(f"traffic sending to {url}", work.run))


if __name__ == "__main__":
    app(prog_name="python -m emitters")
