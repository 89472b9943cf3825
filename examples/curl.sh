#!/bin/sh
# Every common task with curl: sh examples/curl.sh, while the service runs (make serve).
# TRACKER is its address. KEY is a key with all three scopes, where access is required.
set -eu
TRACKER=${TRACKER:-http://127.0.0.1:3000}

# Ask: GET a path, or POST the JSON in the second word.
ask() {
  path=$1
  shift
  echo "# $path"
  set -- ${1+-d "$1"}
  curl --fail-with-body --silent --show-error "$TRACKER$path" -H 'content-type: application/json' \
    ${KEY:+-H "x-api-key: $KEY"} "$@"
  echo
}

# Is it there, and is all of it well?
ask /health
ask /ready
ask /api/status

# Something happened: one event, in each of the three dialects.
ask /api/events '{"type": "pageview", "sessionId": "s1", "userId": "u7", "page": "/", "country": "DE"}'
ask /api/events '{"eventType": "signup", "userId": "u7", "metadata": {"page": "/signup", "plan": "pro"}}'
ask /api/events '{"event": "click", "sessionId": "s1", "url": "https://shop.example/pricing", "device": "mobile"}'

# Many at once, each with an id: sent again they count once.
batch='[{"type": "pageview", "sessionId": "s2", "page": "/", "id": "order-1"},
        {"type": "purchase", "sessionId": "s2", "page": "/basket", "id": "order-2", "metadata": {"total": 42}}]'
ask /api/events "$batch"
ask /api/events "$batch"

# Who is here now?
ask /api/visitors
ask '/api/visitors?page=/basket&limit=10'
ask /api/analytics/summary
ask /api/analytics/sessions
ask /api/analytics/sessions/s1
ask /api/analytics/detailed

# What was? (What came in less than a second ago may be missing.)
ask '/api/analytics/totals?range=day'
ask '/api/analytics/timeseries?range=hour&interval=60'
ask '/api/analytics/top/page?range=week&limit=5'
ask '/api/analytics/event-summary?event=signup'
ask '/api/analytics/user-stats?userId=u7'
ask '/api/analytics/funnel?steps=/,/basket,purchase&range=month'
ask '/api/analytics/retention?range=month'
ask '/api/analytics/events?limit=10'
ask '/api/analytics/export?format=csv&range=week'

# The same with other names of fields.
ask '/api/analytics/summary?naming=snake'

# A visit ends.
ask /api/events '{"type": "session_end", "sessionId": "s2"}'

# A key for the pages of one site, and its end.
made=$(ask /api/auth/api-key '{"name": "web", "scopes": ["ingest"], "origins": ["https://shop.example"]}')
echo "$made"
prefix=$(echo "$made" | sed -n 's/.*"prefix": *"\([^"]*\)".*/\1/p')
ask /api/auth/api-key
ask /api/auth/revoke "{\"key\": \"$prefix\"}"

# Forget a user everywhere.
ask /api/visitors/erase '{"userId": "u7"}'
