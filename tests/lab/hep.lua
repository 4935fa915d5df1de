-- HEP versions 2 and 3 for tshark, which has no dissector of its own: names the ends of what an agent saw and hands the
-- payload to the SIP dissector. UDP and TCP port 9060.
local hep = Proto("labhep", "Homer Encapsulation Protocol")
local src, dst = ProtoField.string("labhep.src", "Source"), ProtoField.string("labhep.dst", "Destination")
local id = ProtoField.uint32("labhep.id", "Capture id")
hep.fields = { src, dst, id }

local function sip(payload, pinfo, tree)
  Dissector.get("sip"):call(payload:tvb(), pinfo, tree)
end

local function version3(buffer, pinfo, tree)
  local at, last, address, port, payload = 6, math.min(buffer(4, 2):uint(), buffer:len()), {}, {}, nil
  while at + 6 < last do
    local vendor, kind, length = buffer(at, 2):uint(), buffer(at + 2, 2):uint(), buffer(at + 4, 2):uint()
    if length < 6 or at + length > last then break end
    if vendor == 0 and length > 6 then
      local value = buffer(at + 6, length - 6)
      if kind == 3 or kind == 4 then address[kind - 2] = tostring(value:ipv4())
      elseif kind == 5 or kind == 6 then address[kind - 4] = tostring(value:ipv6())
      elseif kind == 7 or kind == 8 then port[kind - 6] = value:uint()
      elseif kind == 12 then tree:add(id, value)
      elseif kind == 15 then payload = value end
    end
    at = at + length
  end
  for side, field in ipairs({ src, dst }) do tree:add(field, address[side] .. " " .. port[side]) end
  if payload then sip(payload, pinfo, tree) end
  return last
end

local function version2(buffer, pinfo, tree)
  tree:add(src, tostring(buffer(8, 4):ipv4()) .. " " .. buffer(4, 2):uint())
  tree:add(dst, tostring(buffer(12, 4):ipv4()) .. " " .. buffer(6, 2):uint())
  tree:add_le(id, buffer(24, 2))
  sip(buffer(28), pinfo, tree)
  return buffer:len()
end

function hep.dissector(buffer, pinfo, tree)
  local subtree = tree:add(hep, buffer())
  if buffer(0, 4):raw() == "HEP3" then return version3(buffer, pinfo, subtree) end
  if buffer(0, 2):uint() == 0x0210 and buffer(2, 1):uint() == 2 then return version2(buffer, pinfo, subtree) end
  return 0
end

local function one(buffer, pinfo, tree) return hep.dissector(buffer, pinfo, tree) end
local function length(buffer, _, offset) return buffer(offset + 4, 2):uint() end

local stream = Proto("labheptcp", "Homer Encapsulation Protocol over TCP")
function stream.dissector(buffer, pinfo, tree)
  dissect_tcp_pdus(buffer, tree, 6, length, one)
  return buffer:len()
end

DissectorTable.get("udp.port"):add(9060, hep)
DissectorTable.get("tcp.port"):add(9060, stream)
