"""Exit with 0 when the service on this machine answers, with 1 when it does not."""

import http.client
import os
import sys

PATIENCE_S = 4.0


def is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_healthy(int(os.environ.get("TRACKER_SERVER__PORT", "3000"))))
