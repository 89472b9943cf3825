"""The history's engine: DuckDB without the package around it.

``import duckdb`` brings expressions, relations and data frames in 2.3 MB of Python, of which nothing here is
used. Connections and errors are of the module within.
"""

from _duckdb import (
    ConnectionException,
    DataError,
    DuckDBPyConnection,
    Error,
    FatalException,
    IntegrityError,
    InternalException,
    InterruptException,
    IOException,
    OutOfMemoryException,
    ProgrammingError,
    SerializationException,
    TransactionException,
    connect,
)

__all__ = [
    "ConnectionException",
    "DataError",
    "DuckDBPyConnection",
    "Error",
    "FatalException",
    "IOException",
    "IntegrityError",
    "InternalException",
    "InterruptException",
    "OutOfMemoryException",
    "ProgrammingError",
    "SerializationException",
    "TransactionException",
    "connect",
]
