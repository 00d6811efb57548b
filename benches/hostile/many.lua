-- Like load.lua of benches/http, but each request comes from another client, by a proxy, and refusals are counted, not errors.
--
-- Arguments after `--`: none for plain GETs; `METHOD FILE PREFIX` to send the JSON in FILE, with a name of its own for NAME.

local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("thread_number", threads)
end

function init(args)
  local method, body = args[1] or "GET", args[2] and assert(io.open(args[2])):read("*a")
  local sent = 0
  local headers = { ["Content-Type"] = "application/json" }
  for key, value in pairs(wrk.headers) do
    headers[key] = value
  end
  function request()
    sent = sent + 1
    headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", thread_number, sent / 250 % 250, sent % 250)
    local name = string.format("%s-%d-%d", args[3] or "", thread_number, sent)
    return wrk.format(method, nil, headers, body and body:gsub("NAME", name))
  end
end

function done(summary, latency, _)
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p99": %d, "refused": %d}\n',
    summary.requests, summary.duration, latency:percentile(99), summary.errors.status))
end
