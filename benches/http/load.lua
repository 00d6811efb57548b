-- What wrk sends, and the line of JSON it reports at the end.
--
-- Arguments after `--`: none for plain GETs; `FILE PREFIX` to POST the JSON in FILE, each time with a name of its own
-- in place of the word NAME.

local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("thread_number", threads)
end

function init(args)
  if #args < 2 then
    return
  end
  local body = assert(io.open(args[1])):read("*a")
  local before, after = body:match("^(.*)NAME(.*)$")
  local name = before .. args[2] .. "-" .. thread_number .. "-"
  local headers = { ["Content-Type"] = "application/json" }
  for key, value in pairs(wrk.headers) do
    headers[key] = value
  end
  local created = 0
  function request()
    created = created + 1
    return wrk.format("POST", nil, headers, name .. created .. after)
  end
end

function done(summary, latency, _)
  local failed = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end
