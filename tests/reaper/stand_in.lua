-- A stand-in of REAPER for tests, written from the ReaScript reference (REAPER 6.37 and 7).
--
-- Usage: lua5.4 stand_in.lua SCENARIO.lua SCRIPT.lua. The scenario is a Lua file that returns a table: see
-- `world` below. Every function checks the number and the types of its arguments, and one that REAPER does not
-- have is an error. What came out is printed as Lua-free JSON on the last line.

local scenario_path, script_path = arg[1], arg[2]
local world = dofile(scenario_path)
world.ext_state = world.ext_state or {}
world.answers = world.answers or {}
world.files = world.files or {} -- sources of files that appear later: {rate=, length=} by path
world.messages, world.executed, world.undo, world.commands = {}, {}, {}, {}
world.undo_depth, world.steps, world.longest_step, world.drawn = 0, 0, 0, {}

local PROJECT = { kind = "ReaProject" }
local deferred, at_exit, window_is_open = {}, {}, false

local function fail(text)
  io.stderr:write("stand-in: " .. text .. "\n" .. debug.traceback("", 3) .. "\n")
  os.exit(70)
end

local function kind_of(value)
  local plain = type(value)
  if plain == "table" and value.kind then
    return value.kind
  elseif plain == "number" then
    return math.type(value) == "integer" and "integer" or "number"
  end
  return plain
end

-- Types: string, boolean, integer, number (which takes integers), function, or a kind of pointer.
local function fits(value, wanted)
  local kind = kind_of(value)
  if wanted == "number" then
    return kind == "integer" or kind == "number"
  elseif wanted == "ReaProject" then
    return kind == "ReaProject" or value == 0 or value == nil
  elseif wanted == "pointer" then
    return type(value) == "table"
  elseif wanted == "integer" and kind == "number" then
    return value == math.floor(value)
  end
  return kind == wanted
end

local function checked(name, types, call)
  local least = #types
  while least > 0 and types[least]:sub(1, 1) == "?" do
    least = least - 1
  end
  return function(...)
    local count = select("#", ...)
    if count < least or count > #types then
      fail(name .. " takes " .. least .. " to " .. #types .. " arguments, not " .. count)
    end
    for index = 1, count do
      local wanted, value = types[index]:gsub("^%?", ""), (select(index, ...))
      if not fits(value, wanted) then
        fail(name .. ": argument " .. index .. " is " .. kind_of(value) .. ", not " .. wanted)
      end
      if type(value) == "table" and value.is_gone and name ~= "ValidatePtr2" then
        fail(name .. ": argument " .. index .. " is a pointer to what is gone")
      end
    end
    return call(...)
  end
end

local function now()
  local clock = io.open("/proc/uptime", "r")
  if not clock then
    return os.time()
  end
  local seconds = clock:read("n")
  clock:close()
  return seconds
end

local function exists(path)
  local file = io.open(path, "rb")
  return file and file:close() or false
end

-- Sources, takes, items ---------------------------------------------------------------------------------------

local function make_source(facts)
  return {
    kind = "PCM_source",
    file = facts.file or "",
    rate = facts.rate or 0,
    length = facts.length or 0,
    is_beats = facts.is_beats or false,
    section = facts.section,
  }
end

local TAKE_DEFAULTS = {
  D_STARTOFFS = 0, D_VOL = 1, D_PAN = 0, D_PANLAW = -1, D_PLAYRATE = 1, D_PITCH = 0, B_PPITCH = 0,
  I_CHANMODE = 0, I_PITCHMODE = -1, I_CUSTOMCOLOR = 0, IP_TAKENUMBER = 0,
}
local ITEM_DEFAULTS = { B_MUTE = 0, B_LOOPSRC = 1, D_POSITION = 0, D_LENGTH = 1, D_VOL = 1, I_CURTAKE = 0 }

local function with_defaults(values, defaults)
  local all = {}
  for name, value in pairs(defaults) do
    all[name] = (values or {})[name] or value
  end
  return all
end

local function make_take(facts, item)
  return {
    kind = "MediaItem_Take",
    item = item,
    name = facts.name or "",
    values = with_defaults(facts.values, TAKE_DEFAULTS),
    source = facts.source and make_source(facts.source),
    is_midi = facts.is_midi or false,
    n_stretch = facts.n_stretch or 0,
  }
end

local items = {}
for index, facts in ipairs(world.items) do
  local item = { kind = "MediaItem", values = with_defaults(facts.values, ITEM_DEFAULTS), takes = {} }
  if facts.take then
    item.takes[1] = make_take(facts.take, item)
    item.active = item.takes[1]
  end
  items[index] = item
end
world.live_items = items

local function value_of(name, holder, parameter)
  local value = holder.values[parameter]
  if value == nil then
    fail(name .. ": there is no parameter " .. parameter)
  end
  return value + 0.0 -- REAPER gives a double, whatever it is
end

-- Processes ---------------------------------------------------------------------------------------------------

local function run_and_wait(command)
  local path = os.tmpname()
  local _, how, code = os.execute(command .. " >" .. path .. " 2>&1 </dev/null")
  local file = io.open(path, "rb")
  local text = file:read("a")
  file:close()
  os.remove(path)
  if how == "exit" and (code == 127 or code == 126) then
    return nil
  end
  return tostring(code) .. "\n" .. text
end

local function execute(command, milliseconds)
  world.executed[#world.executed + 1] = { command, milliseconds }
  if milliseconds < 0 then
    os.execute("exec " .. command .. " >/dev/null 2>&1 </dev/null &")
    return ""
  end
  return run_and_wait(command)
end

-- The reference -----------------------------------------------------------------------------------------------

local functions = {}

local function define(signature, call)
  local name, list = signature:match("^([%w_]+)%((.*)%)$")
  local types = {}
  for word in list:gmatch("[^, ]+") do
    types[#types + 1] = word
  end
  functions[name] = checked(name, types, call)
end

define("GetOS()", function() return world.os or "Other" end)
define("GetResourcePath()", function() return world.resource_path end)
define("EnumProjects(integer)", function(index)
  if index ~= -1 then
    fail("EnumProjects: the stand-in knows the current project only")
  end
  return PROJECT, ""
end)
define("GetProjectPathEx(ReaProject)", function() return world.project_path end)
define("RecursiveCreateDirectory(string, integer)", function(path)
  return os.execute("mkdir -p '" .. path .. "'") and 1 or 0
end)
define("time_precise()", now)
define("file_exists(string)", exists)
define("defer(function)", function(call) deferred[#deferred + 1] = call end)
define("atexit(function)", function(call) at_exit[#at_exit + 1] = call end)
define("ExecProcess(string, integer)", execute)
define("MB(string, string, integer)", function(text)
  world.messages[#world.messages + 1] = text
  return 1
end)
define("GetUserInputs(string, integer, string, string)", function(_, count, captions, given)
  local names = 0
  for caption in captions:gmatch("[^,]+") do
    if not caption:match("^extrawidth=") and not caption:match("^separator=") then
      names = names + 1
    end
  end
  if names ~= count then
    fail("GetUserInputs: " .. names .. " captions for " .. count .. " fields")
  end
  world.asked = given
  if world.answers.inputs == false then
    return false, given
  end
  return true, world.answers.inputs or given
end)
define("GetUserFileNameForRead(string, string, string)", function()
  local path = world.answers.file
  return path ~= nil, path or ""
end)
define("GetExtState(string, string)", function(section, key)
  return world.ext_state[section .. "/" .. key] or ""
end)
define("HasExtState(string, string)", function(section, key)
  return world.ext_state[section .. "/" .. key] ~= nil
end)
define("SetExtState(string, string, string, boolean)", function(section, key, value)
  world.ext_state[section .. "/" .. key] = value
end)
define("CountSelectedMediaItems(ReaProject)", function() return #items end)
define("GetSelectedMediaItem(ReaProject, integer)", function(_, index) return items[index + 1] end)
define("GetActiveTake(MediaItem)", function(item) return item.active end)
define("SetActiveTake(MediaItem_Take)", function(take) take.item.active = take end)
define("GetTakeName(MediaItem_Take)", function(take) return take.name end)
define("TakeIsMIDI(MediaItem_Take)", function(take) return take.is_midi end)
define("GetMediaItemTake_Source(MediaItem_Take)", function(take) return take.source end)
define("SetMediaItemTake_Source(MediaItem_Take, PCM_source)", function(take, source)
  take.source = source
  return true
end)
define("PCM_Source_GetSectionInfo(PCM_source)", function(source)
  local section = source.section
  if section then
    return true, section.offset + 0.0, section.length + 0.0, section.is_reversed or false
  end
  return false, 0.0, 0.0, false
end)
define("PCM_Source_CreateFromFile(string)", function(path)
  if not exists(path) then
    return nil
  end
  return make_source({ file = path })
end)
define("GetTakeNumStretchMarkers(MediaItem_Take)", function(take) return take.n_stretch end)
define("GetMediaSourceFileName(PCM_source)", function(source) return source.file end)
define("GetMediaSourceSampleRate(PCM_source)", function(source) return source.rate end)
define("GetMediaSourceLength(PCM_source)", function(source) return source.length + 0.0, source.is_beats end)
define("GetMediaItemInfo_Value(MediaItem, string)", function(item, name)
  return value_of("GetMediaItemInfo_Value", item, name)
end)
define("GetMediaItemTakeInfo_Value(MediaItem_Take, string)", function(take, name)
  return value_of("GetMediaItemTakeInfo_Value", take, name)
end)
define("SetMediaItemTakeInfo_Value(MediaItem_Take, string, number)", function(take, name, value)
  value_of("SetMediaItemTakeInfo_Value", take, name)
  take.values[name] = value
  return true
end)
define("GetSetMediaItemTakeInfo_String(MediaItem_Take, string, string, boolean)", function(take, name, text, is_set)
  if name ~= "P_NAME" then
    fail("GetSetMediaItemTakeInfo_String: the stand-in knows P_NAME only")
  end
  if is_set then
    take.name = text
  end
  return true, take.name
end)
define("AddTakeToMediaItem(MediaItem)", function(item)
  if world.undo_depth == 0 then
    fail("AddTakeToMediaItem outside of an undo block")
  end
  local take = make_take({}, item)
  item.takes[#item.takes + 1] = take
  return take
end)
define("ValidatePtr2(ReaProject, pointer, string)", function(_, pointer, name)
  return not pointer.is_gone and pointer.kind .. "*" == name
end)
define("UpdateItemInProject(MediaItem)", function() end)
define("UpdateArrange()", function() end)
define("Undo_BeginBlock2(ReaProject)", function() world.undo_depth = world.undo_depth + 1 end)
define("Undo_EndBlock2(ReaProject, string, integer)", function(_, text)
  world.undo_depth = world.undo_depth - 1
  world.undo[#world.undo + 1] = text
end)
define("Main_OnCommandEx(integer, integer, ReaProject)", function(command)
  world.commands[#world.commands + 1] = command
end)

reaper = setmetatable({}, {
  __index = function(_, name)
    return functions[name] or fail("REAPER has no function " .. tostring(name))
  end,
  __newindex = function(_, name)
    fail("nothing can be set in reaper: " .. tostring(name))
  end,
})

local drawing = {
  init = checked("gfx.init", { "string", "integer", "integer", "?integer", "?integer", "?integer" }, function()
    window_is_open = true
  end),
  quit = checked("gfx.quit", {}, function() window_is_open = false end),
  update = checked("gfx.update", {}, function() end),
  getchar = checked("gfx.getchar", { "?integer" }, function()
    return window_is_open and (world.key or 0) or -1
  end),
  set = checked("gfx.set", { "number", "?number", "?number", "?number" }, function() end),
  rect = checked("gfx.rect", { "number", "number", "number", "number", "?integer" }, function() end),
  drawstr = checked("gfx.drawstr", { "string", "?integer", "?number", "?number" }, function(text)
    if world.drawn[#world.drawn] ~= text then
      world.drawn[#world.drawn + 1] = text
    end
  end),
}
local variables = { x = 0, y = 0, w = 420, h = 110 }
gfx = setmetatable({}, {
  __index = function(_, name)
    return drawing[name] or variables[name] or fail("gfx has no " .. tostring(name))
  end,
  __newindex = function(_, name, value)
    if variables[name] == nil then
      fail("gfx has no " .. tostring(name))
    end
    variables[name] = value
  end,
})

-- The run -----------------------------------------------------------------------------------------------------

local function step(call)
  local began = now()
  call()
  world.longest_step = math.max(world.longest_step, now() - began)
end

local ends_at = now() + (world.seconds or 100)
step(assert(loadfile(script_path)))
local first_step = world.longest_step
world.longest_step = 0 -- the script's start may ask the user, and the program its version
while #deferred > 0 do
  if now() > ends_at then
    fail("the script does not end")
  end
  os.execute("sleep 0.03") -- as long as REAPER waits
  world.steps = world.steps + 1
  if world.on_step then
    world.on_step(world, world.steps)
  end
  local calls = deferred
  deferred = {}
  for _, call in ipairs(calls) do
    step(call)
  end
  if world.is_ended then -- as a user ends a script in the list of actions
    deferred = {}
  end
end
for _, call in ipairs(at_exit) do
  call()
end
if world.undo_depth ~= 0 then
  fail("an undo block was not ended")
end

local function json(value)
  if type(value) == "table" then
    local parts = {}
    if #value > 0 or next(value) == nil then
      for _, one in ipairs(value) do
        parts[#parts + 1] = json(one)
      end
      return "[" .. table.concat(parts, ",") .. "]"
    end
    for name, one in pairs(value) do
      parts[#parts + 1] = json(name) .. ":" .. json(one)
    end
    return "{" .. table.concat(parts, ",") .. "}"
  elseif type(value) == "string" then
    return '"' .. value:gsub('[%c"\\]', function(c) return string.format("\\u%04x", c:byte()) end) .. '"'
  elseif math.type(value) == "float" then
    return string.format("%.17g", value)
  end
  return tostring(value)
end

local shown = {}
for index, item in ipairs(items) do
  local takes = {}
  for number, take in ipairs(item.takes) do
    local is_active = item.active == take
    takes[number] = { name = take.name, values = take.values, is_active = is_active }
    takes[number].file = take.source and take.source.file or ""
  end
  shown[index] = { takes = takes }
end
print(json({
  items = shown,
  messages = world.messages,
  executed = world.executed,
  undo = world.undo,
  commands = world.commands,
  drawn = world.drawn,
  ext_state = world.ext_state,
  asked = world.asked or "",
  steps = world.steps,
  first_step = first_step,
  longest_step = world.longest_step,
  window_is_open = window_is_open,
}))
