-- wrk's requests: 500 visits of 50 pages.
local number = 0
local headers = { ["Content-Type"] = "application/json" }

function request()
  number = number + 1
  local event = '{"type":"pageview","sessionId":"s%d","page":"/p%d","country":"DE","metadata":{"device":"mobile"}}'
  return wrk.format("POST", "/api/events", headers, event:format(number % 500, number % 50))
end
