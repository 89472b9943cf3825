"""Command line of the stand-ins: ``python -m emitters sessions|deanonymizer|traffic|site``."""

import click

from emitters import deanonymizer as deanonymizer_module
from emitters import sessions as sessions_module
from emitters.answer_faults import ANSWER_FAULTS
from emitters.deanonymizer import Deanonymizer
from emitters.door import CONNECTION_FAULTS
from emitters.schedule import MILD_FAULTS
from emitters.serving import announce, run_until_stopped, say, serve
from emitters.sessions import SessionEmitter
from emitters.site import shop
from emitters.visit_faults import VISIT_FAULTS

MILD_FAULT_RATE = 0.04
MILD_DROP_EVERY_S = 240.0

host_option = click.option("--host", default="127.0.0.1", help="Address to listen on.")
seed_option = click.option("--seed", default=1, help="The same seed is the same world.")
speed_option = click.option(
    "--speed", type=click.FloatRange(min=0.001), default=1.0, help="How many times faster than real time."
)
fault_option = click.option("--fault", multiple=True, metavar="NAME", help="See above; repeatable.")
FROM_ZERO = click.FloatRange(min=0)
PORT = click.IntRange(0, 65535)
SHARE = click.FloatRange(0, 1)
SHARE_HELP = "Share that the faults happen to."
PORT_HELP = "0 takes any free port."
RETRY_AFTER_HELP = "Retry-After: seconds, 'date', any text, '' for none."


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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main() -> None:
    """Stand-ins for the world outside of the service. One --seed is one world for those that take it."""


@main.command(help=_SESSIONS_HELP)
@host_option
@click.option("--port", type=PORT, default=sessions_module.DEFAULT_PORT, help=PORT_HELP)
@seed_option
@click.option("--rate", type=FROM_ZERO, default=20.0, help="Frames a second.")
@speed_option
@fault_option
@click.option("--fault-rate", type=SHARE, default=0.05, help=SHARE_HELP)
@click.option(
    "--drop-every", type=click.FloatRange(min=0.1), help="Seconds after which all connections drop."
)
@click.option("--retry-after", default="5", help=RETRY_AFTER_HELP)
def sessions(
    host: str,
    port: int,
    seed: int,
    rate: float,
    speed: float,
    fault: tuple[str, ...],
    fault_rate: float,
    drop_every: float | None,
    retry_after: str,
) -> None:
    names = list(fault)
    unknown = [n for n in names if n not in VISIT_FAULTS and n not in CONNECTION_FAULTS and n != "none"]
    connection_faults = [name for name in names if name in CONNECTION_FAULTS]
    if unknown:
        raise click.BadParameter(f"no fault is called {', '.join(unknown)}", param_hint="--fault")
    if len(connection_faults) > 1:
        raise click.BadParameter("only one fault of connections at a time", param_hint="--fault")
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


@main.command(help=_DEANONYMIZER_HELP)
@host_option
@click.option("--port", type=PORT, default=deanonymizer_module.DEFAULT_PORT, help=PORT_HELP)
@seed_option
@click.option("--rate", type=FROM_ZERO, default=0.0, help="Calls a second before 429; 0 is no limit.")
@speed_option
@click.option("--failures", type=SHARE, default=0.1, help="Share of the calls that get a 500.")
@fault_option
@click.option("--fault-rate", type=SHARE, default=1.0, help=SHARE_HELP)
@click.option("--latency", type=FROM_ZERO, default=2.0, help="Seconds that --fault latency takes.")
@click.option("--retry-after", default="2", help=RETRY_AFTER_HELP)
def deanonymizer(
    host: str,
    port: int,
    seed: int,
    rate: float,
    speed: float,
    failures: float,
    fault: tuple[str, ...],
    fault_rate: float,
    latency: float,
    retry_after: str,
) -> None:
    names = [name for name in fault if name != "none"]
    unknown = [name for name in names if name not in ANSWER_FAULTS]
    if unknown:
        raise click.BadParameter(f"no fault is called {', '.join(unknown)}", param_hint="--fault")
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


@main.command()
@click.option("--url", default="http://127.0.0.1:3000/api/events", help="Where events go.")
@seed_option
@click.option("--rate", type=FROM_ZERO, default=5.0, help="Events a second.")
@click.option("--visitors", type=click.IntRange(min=1), default=40, help="People on the site at once.")
@speed_option
@click.option("--key", envvar="EMITTERS_KEY", help="Ingest key.")
def traffic(url: str, seed: int, rate: float, visitors: int, speed: float, key: str | None) -> None:
    """Site traffic: people who look at pages, as POSTs to the service."""
    # Half a second of start-up time is httpx, which only this one needs.
    from emitters.traffic import Traffic

    work = Traffic(url, rate=rate, visitors=visitors, seed=seed, speed=speed, key=key, say=say)
    run_until_stopped(announce(f"traffic sending to {url}", work.run))


@main.command()
@host_option
@click.option("--port", type=PORT, default=shop.DEFAULT_PORT, help=PORT_HELP)
@click.option("--tracker", default="http://127.0.0.1:3000", help="Address of the service.")
@click.option("--key", envvar="EMITTERS_KEY", default="", help="Ingest key, for a service that asks for one.")
def site(host: str, port: int, tracker: str, key: str) -> None:
    """Web site: a small shop with the snippet in its pages, for you to click around in."""
    try:
        stand = shop.Shop(tracker, host=host, port=port, key=key)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--tracker") from error
    run_until_stopped(serve("site", stand))


if __name__ == "__main__":
    main(prog_name="python -m emitters")
