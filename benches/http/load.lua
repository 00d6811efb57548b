-- What wrk sends, and the line of JSON it reports at the end.
--
-- Arguments after `--`: none for plain GETs; `METHOD FILE PREFIX` to send the JSON in FILE, with a name of its own in each
-- place where it has the word NAME.

local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("thread_number", threads)
end

function init(args)
  if #args < 3 then
    return
  end
  local method, body = args[1], assert(io.open(args[2])):read("*a")
  local parts = {}
  for part in (body .. "NAME"):gmatch("(.-)NAME") do
    parts[#parts + 1] = part
  end
  local prefix = args[3] .. "-" .. thread_number .. "-"
  local headers = { ["Content-Type"] = "application/json" }
  for key, value in pairs(wrk.headers) do
    headers[key] = value
  end
  local sent = 0
  function request()
    sent = sent + 1
    return wrk.format(method, nil, headers, table.concat(parts, prefix .. sent))
  end
end

function done(summary, latency, _)
  local failed = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end
