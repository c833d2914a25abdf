-- Styles the selected items with nast-fx and adds the results as takes, while REAPER goes on.
--
-- REAPER 6.37 or newer: Actions > Show action list > New action > Load ReaScript. docs/daw.md of nast-fx says
-- what is rendered and how an item's settings are kept. The program runs by itself and writes JSON lines to a
-- file; what is here only reads them, a few times a second (reaper.defer). Escape, or closing the window,
-- stops it. Its path is asked for once and kept (ExtState "nast-fx", "cli").

local SECTION, TITLE = "nast-fx", "nast-fx"
local POLL_SECONDS = 0.1 -- between two looks at the program
local START_SECONDS = 20 -- that a program has to begin writing
local STOP_SECONDS = 20 -- that one which was told to stop has to end
local CHECK_MILLISECONDS = 20000 -- that it has to say its version
local KEPT = { "D_PLAYRATE", "D_PITCH", "B_PPITCH", "D_VOL", "D_PAN", "D_PANLAW", "I_CHANMODE", "I_PITCHMODE" }
local FIELDS = { "style", "preset", "quality", "amount", "more" }
local DEFAULTS = { style = "bells", preset = "", quality = "draft", amount = "1", more = "" }
local CAPTIONS = "Style: names or files (with ;),Preset (may be empty),Quality (draft normal high),"
  .. "Amount 0 to 1,Other options,separator=|,extrawidth=240"
local BUILD_PEAKS = 40047 -- Peaks: Build any missing peaks
local ESCAPE, CLOSED = 27, -1 -- what gfx.getchar gives

local is_windows = reaper.GetOS():match("^Win") ~= nil
local project = reaper.EnumProjects(-1)
local folder = reaper.GetResourcePath() .. "/nast-fx"

-- Files ---------------------------------------------------------------------------------------------------

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

local function write_file(path, text)
  local file, reason = io.open(path, "wb")
  if not file then
    return reason
  end
  file:write(text)
  file:close()
end

local function name_of(path)
  return path:match("[^/\\]+$") or path
end

-- JSON ----------------------------------------------------------------------------------------------------

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function json_string(text, at)
  local parts = {}
  while true do
    local stop = text:find('["\\]', at)
    if not stop then
      error("JSON: a text without an end")
    end
    parts[#parts + 1] = text:sub(at, stop - 1)
    if text:sub(stop, stop) == '"' then
      return table.concat(parts), stop + 1
    end
    local letter = text:sub(stop + 1, stop + 1)
    at = stop + 2
    if letter == "u" then
      local code = tonumber(text:sub(at, at + 3), 16)
      at = at + 4
      local low = tonumber(text:match("^\\u(%x%x%x%x)", at) or "", 16)
      if code >= 0xD800 and code < 0xDC00 and low then -- two halves of one character
        code, at = 0x10000 + (code - 0xD800) * 1024 + (low - 0xDC00), at + 6
      end
      parts[#parts + 1] = utf8.char(code)
    else
      parts[#parts + 1] = ESCAPES[letter] or letter
    end
  end
end

local json_value

-- Lists and objects alike: values by number or by name, until `close`.
local function json_items(text, at, close)
  local items, count = {}, 0
  while true do
    at = text:match("^[%s,]*()", at)
    if text:sub(at, at) == close then
      return items, at + 1
    end
    if at > #text then
      error("JSON: it is cut short")
    end
    count = count + 1
    local key = count
    if close == "}" then
      key, at = json_string(text, at + 1)
      at = text:match("^%s*:()", at)
    end
    items[key], at = json_value(text, at)
  end
end

function json_value(text, at)
  at = text:match("^%s*()", at)
  local first = text:sub(at, at)
  if first == '"' then
    return json_string(text, at + 1)
  elseif first == "{" then
    return json_items(text, at + 1, "}")
  elseif first == "[" then
    return json_items(text, at + 1, "]")
  end
  local word, behind = text:match("^([%w%.%+%-]+)()", at)
  if word == "true" or word == "false" then
    return word == "true", behind
  elseif word == "null" then
    return nil, behind
  end
  return tonumber(word) or error("JSON: no value"), behind
end

local function parse(line)
  local is_read, value = pcall(json_value, line, 1)
  return is_read and type(value) == "table" and value or nil
end

-- The program ---------------------------------------------------------------------------------------------

-- Quotes one word for sh, or for a batch file of cmd.
local function quoted(word)
  if is_windows then
    return '"' .. word:gsub("%%", "%%%%"):gsub('"', ""):gsub("(\\+)$", "%1%1") .. '"'
  end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function is_program(path)
  local answer = reaper.ExecProcess('"' .. path .. '" --version', CHECK_MILLISECONDS)
  return answer ~= nil and answer:match("^0\r?\nnast%-fx ") ~= nil
end

-- Path of the program: as it was kept, as the system finds it, or as the user shows it.
local function find_program()
  local kept = reaper.GetExtState(SECTION, "cli")
  for _, path in ipairs({ kept, "nast-fx" }) do
    if path ~= "" and is_program(path) then
      return path
    end
  end
  local words = "The program nast-fx was not found" .. (kept ~= "" and " at " .. kept or "") .. ".\n\n"
  reaper.MB(words .. "Choose it in the next window: nast-fx, or nast-fx.exe on Windows.", TITLE, 0)
  local is_chosen, path = reaper.GetUserFileNameForRead(kept, "The program nast-fx", "")
  if not is_chosen then
    return nil
  end
  if not is_program(path) then
    reaper.MB(path .. " does not answer as nast-fx does.", TITLE, 0)
    return nil
  end
  reaper.SetExtState(SECTION, "cli", path, true)
  return path
end

-- Starts a command that writes out, err, pid (not on Windows) and, when it has ended, code.
local function start(words)
  local token = string.format("%d-%06d", os.time(), math.random(0, 999999))
  local run = { token = token, position = 0 }
  for _, name in ipairs({ "out", "err", "pid", "code", "run", "stop" }) do
    run[name] = folder .. "/" .. token .. "-" .. name
  end
  local command = {}
  for _, word in ipairs(words) do
    command[#command + 1] = quoted(word)
  end
  local line = table.concat(command, " ") .. " >" .. quoted(run.out) .. " 2>" .. quoted(run.err)
  local part = run.code .. ".part" -- renamed, so that the code is whole when it is there
  local script, shell
  if is_windows then
    run.run, run.stop = run.run .. ".cmd", run.stop .. ".cmd"
    local rows = { "@echo off", "chcp 65001 >nul", line, ">" .. quoted(part) .. " echo %ERRORLEVEL%" }
    rows[#rows + 1] = "move /y " .. quoted(part) .. " " .. quoted(run.code) .. " >nul"
    script, shell = table.concat(rows, "\r\n") .. "\r\n", 'cmd.exe /c "' .. run.run .. '"'
  else
    local rows = { line .. " &", "echo $! >" .. quoted(run.pid), "wait $!" }
    rows[#rows + 1] = "echo $? >" .. quoted(part) .. " && mv " .. quoted(part) .. " " .. quoted(run.code)
    script, shell = table.concat(rows, "\n") .. "\n", '/bin/sh "' .. run.run .. '"'
  end
  local reason = write_file(run.run, script)
  if reason then
    return nil, reason
  end
  reaper.ExecProcess(shell, is_windows and -2 or -1) -- says nothing of use, since it does not wait
  run.began = reaper.time_precise()
  return run
end

-- Tells a run to stop; false while that cannot be said yet. It leaves no partial file.
local function stop(run)
  if is_windows then
    -- The batch file is gone with the program, so this one says how it ended.
    local find = "Get-CimInstance Win32_Process | Where-Object { $_.Name -eq 'cmd.exe' -and $_.CommandLine -like '*"
    find = find .. run.token .. "-run*' } | ForEach-Object { taskkill /T /F /PID $_.ProcessId }"
    local rows = { "@echo off", 'powershell -NoProfile -Command "' .. find .. '"' }
    rows[#rows + 1] = ">" .. quoted(run.code) .. " echo 130"
    write_file(run.stop, table.concat(rows, "\r\n") .. "\r\n")
    reaper.ExecProcess('cmd.exe /c "' .. run.stop .. '"', -2)
    return true
  end
  local pid = (read_file(run.pid) or ""):match("^(%d+)\n")
  if pid then
    reaper.ExecProcess('/bin/sh -c "kill -TERM ' .. pid .. '"', -1)
  end
  return pid ~= nil
end

local function clean(run)
  for _, name in ipairs({ "out", "err", "pid", "code", "run", "stop" }) do
    os.remove(run[name])
  end
end

-- Gives the objects that a run has written since the last time.
local function news(run)
  local file = io.open(run.out, "rb")
  if not file then
    return {}
  end
  file:seek("set", run.position)
  local whole = file:read("a"):match("^.*\n") or "" -- a line that is not whole yet waits
  file:close()
  run.position, run.is_started = run.position + #whole, true
  local found = {}
  for line in whole:gmatch("[^\n]+") do
    found[#found + 1] = parse(line)
  end
  return found
end

-- Items ---------------------------------------------------------------------------------------------------

-- What of an item is rendered: frames of its source file. A looped item takes the whole file.
local function part_of(item, take, source)
  local sample_rate = reaper.GetMediaSourceSampleRate(source)
  local total, is_beats = reaper.GetMediaSourceLength(source)
  if sample_rate <= 0 or total <= 0 or is_beats then
    return nil, "it holds no audio"
  end
  local offset = reaper.GetMediaItemTakeInfo_Value(take, "D_STARTOFFS")
  local rate = reaper.GetMediaItemTakeInfo_Value(take, "D_PLAYRATE")
  local ending = offset + reaper.GetMediaItemInfo_Value(item, "D_LENGTH") * rate
  local is_looped = reaper.GetMediaItemInfo_Value(item, "B_LOOPSRC") == 1
  local n_frames = math.floor(total * sample_rate + 0.5)
  local first, last = 0, n_frames
  if not (is_looped and (offset < 0 or ending * sample_rate > n_frames + 1)) then
    first = math.max(0, math.floor(offset * sample_rate + 1e-6))
    last = math.min(n_frames, math.ceil(ending * sample_rate - 1e-6))
  end
  if last <= first then
    return nil, "nothing of its source is heard"
  end
  return { first = first, count = last - first, total = n_frames, sample_rate = sample_rate, offset = offset }
end

-- Why an item cannot be rendered, or what to render.
local function task_of(item)
  local take = reaper.GetActiveTake(item)
  if not take then
    return nil, "an empty item", "it has no take"
  end
  local name = reaper.GetTakeName(take)
  if reaper.TakeIsMIDI(take) then
    return nil, name, "it is MIDI"
  end
  local source = reaper.GetMediaItemTake_Source(take)
  if not source then
    return nil, name, "it has no source"
  end
  if reaper.PCM_Source_GetSectionInfo(source) then
    return nil, name, "it is a section or reversed; glue it first"
  end
  if reaper.GetTakeNumStretchMarkers(take) > 0 then
    return nil, name, "it has stretch markers; glue it first"
  end
  local file = reaper.GetMediaSourceFileName(source)
  if file == "" then
    return nil, name, "its source is no file"
  end
  local part, reason = part_of(item, take, source)
  if not part then
    return nil, name, reason
  end
  local values = {}
  for _, parameter in ipairs(KEPT) do
    values[parameter] = reaper.GetMediaItemTakeInfo_Value(take, parameter)
  end
  return { item = item, name = name, file = file, part = part, values = values }
end

-- Adds the words of a text to others; quotes hold one with blanks together.
local function words_of(text, words)
  local at = text:match("^%s*()")
  while at <= #text do
    local word, behind = text:match('^"([^"]*)"%s*()', at)
    if not word then
      word, behind = text:match("^(%S+)%s*()", at)
    end
    words[#words + 1], at = word, behind
  end
  return words
end

-- The whole command for a task.
local function command_of(task, program, settings)
  local stem = name_of(task.file):gsub("%.[^.]*$", "")
  local output = reaper.GetProjectPathEx(project) .. "/" .. stem .. ".styled.wav"
  local words = { program, "render", task.file, "--json", "--out", output, "--overwrite", "rename" }
  local part = task.part
  if part.count < part.total then
    local seconds = { part.first / part.sample_rate, part.count / part.sample_rate }
    words[#words + 1] = "--snippet"
    words[#words + 1] = (string.format("%.9f:%.9f", table.unpack(seconds)):gsub(",", "."))
  end
  local styles = settings.style
  for style in styles:gmatch(reaper.file_exists(styles) and ".+" or "[^;]+") do
    words[#words + 1] = "--style"
    words[#words + 1] = style:match("^%s*(.-)%s*$")
  end
  for _, name in ipairs({ "preset", "quality", "amount" }) do
    if settings[name] ~= "" then
      words[#words + 1] = "--" .. name
      words[#words + 1] = settings[name]
    end
  end
  return words_of(settings.more, words)
end

-- Adds the result as the active take, with the settings of the one it was made of.
local function add_take(task, path)
  if not reaper.ValidatePtr2(project, task.item, "MediaItem*") then
    return "the item is gone; the result is " .. path
  end
  local source = reaper.PCM_Source_CreateFromFile(path)
  if not source then
    return "REAPER cannot open the result " .. path
  end
  reaper.Undo_BeginBlock2(project)
  local take = reaper.AddTakeToMediaItem(task.item)
  reaper.SetMediaItemTake_Source(take, source)
  for parameter, value in pairs(task.values) do
    reaper.SetMediaItemTakeInfo_Value(take, parameter, value)
  end
  local part = task.part
  reaper.SetMediaItemTakeInfo_Value(take, "D_STARTOFFS", part.offset - part.first / part.sample_rate)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", name_of(path), true)
  reaper.SetActiveTake(take)
  reaper.UpdateItemInProject(task.item)
  reaper.Undo_EndBlock2(project, "nast-fx: style " .. task.name, -1)
  reaper.Main_OnCommandEx(BUILD_PEAKS, 0, project)
end

-- The work ------------------------------------------------------------------------------------------------

local work = { tasks = {}, number = 0, added = 0, trouble = {}, next = 0, share = 0, words = "" }

local function complain(name, reason)
  work.trouble[#work.trouble + 1] = name .. ": " .. reason
end

local function draw()
  gfx.set(0.13, 0.14, 0.16)
  gfx.rect(0, 0, gfx.w, gfx.h, 1)
  gfx.set(0.88, 0.55, 0.24)
  gfx.rect(12, 62, (gfx.w - 24) * work.share, 10, 1)
  gfx.set(0.92, 0.92, 0.92)
  gfx.rect(12, 62, gfx.w - 24, 10, 0)
  gfx.x, gfx.y = 12, 12
  local task = work.tasks[work.number]
  gfx.drawstr(string.format("%d of %d: %s", work.number, #work.tasks, task and task.name or ""))
  gfx.x, gfx.y = 12, 36
  gfx.drawstr(work.is_cancelled and "stopping ..." or work.words)
  gfx.x, gfx.y = 12, 82
  gfx.drawstr("Escape stops it; takes that were added stay.")
  gfx.update()
end

local function show(event)
  work.share = math.max(0, math.min(1, event.share or 0))
  local left = event.seconds_left
  work.words = string.format("%.0f %%, %s", 100 * work.share, event.stage or "")
  if left then
    work.words = work.words .. string.format(", %d:%02d left", left // 60, math.floor(left % 60))
  end
end

-- What a program that ended has to say for itself.
local function reason_of(run, code)
  local last = (read_file(run.err) or ""):match("([^\r\n]+)%s*$")
  return work.error or last or "it ended with code " .. code .. " and no word"
end

local function begin_next()
  work.number, work.result, work.error, work.share, work.words = work.number + 1, nil, nil, 0, "starting"
  local task = work.tasks[work.number]
  local run, reason = start(command_of(task, work.program, work.settings))
  work.run = run
  if not run then
    complain(task.name, reason)
  end
end

-- Takes up what the running program has said, and how it ended.
local function follow()
  local task, run = work.tasks[work.number], work.run
  local code = read_file(run.code) -- first: what was written before it is read then
  for _, event in ipairs(news(run)) do
    if event.type == "progress" then
      show(event)
    elseif event.type == "result" then
      work.result = event.output
    elseif event.type == "error" then
      work.error = event.message
    end
  end
  local now = reaper.time_precise()
  if not code and not run.is_started and now > run.began + START_SECONDS then
    code, work.error = "127", "it could not be started"
  end
  local is_late = work.is_cancelled and now > work.is_cancelled + STOP_SECONDS
  if not code and not is_late then
    return
  end
  code = (code or "130"):match("%-?%d+") or "?"
  if work.result then -- even if it was cancelled a moment later
    local reason = add_take(task, work.result)
    if reason then
      complain(task.name, reason)
    else
      work.added = work.added + 1
    end
  elseif not work.is_cancelled then
    complain(task.name, reason_of(run, code))
  end
  clean(run)
  work.run = nil
end

local function finish()
  gfx.quit()
  reaper.UpdateArrange()
  if work.is_cancelled then
    local words = string.format("cancelled; %d of %d items have a new take", work.added, #work.tasks)
    table.insert(work.trouble, 1, words)
  end
  if #work.trouble > 0 then
    reaper.MB(table.concat(work.trouble, "\n"), TITLE, 0)
  end
end

local function loop()
  local key = gfx.getchar()
  if (key == ESCAPE or key == CLOSED) and not work.is_cancelled then
    work.is_cancelled = reaper.time_precise()
  end
  local now = reaper.time_precise()
  if now >= work.next then
    work.next = now + POLL_SECONDS
    if work.run then
      if work.is_cancelled and not work.run.is_told then
        work.run.is_told = stop(work.run)
      end
      follow()
    end
    while not work.run and not work.is_cancelled and work.number < #work.tasks do
      begin_next()
    end
    if not work.run then
      return finish()
    end
  end
  if key ~= CLOSED then
    draw()
  end
  reaper.defer(loop)
end

-- Asks what to do; nil if the user thinks better of it.
local function ask()
  local values = {}
  for number, name in ipairs(FIELDS) do
    local has = reaper.HasExtState(SECTION, name)
    values[number] = has and reaper.GetExtState(SECTION, name) or DEFAULTS[name]
  end
  local is_given, text = reaper.GetUserInputs(TITLE, #FIELDS, CAPTIONS, table.concat(values, "|"))
  if not is_given then
    return nil
  end
  local settings, number = {}, 0
  for value in (text .. "|"):gmatch("([^|]*)|") do
    number = number + 1
    if FIELDS[number] then
      settings[FIELDS[number]] = value:match("^%s*(.-)%s*$")
    end
  end
  if settings.style == "" and settings.preset == "" then
    local is_chosen, path = reaper.GetUserFileNameForRead("", "Whose sound: a recording or a style", "")
    if not is_chosen then
      return nil
    end
    settings.style = path
  end
  for _, name in ipairs(FIELDS) do
    reaper.SetExtState(SECTION, name, settings[name], true)
  end
  return settings
end

local function main()
  local count = reaper.CountSelectedMediaItems(project)
  if count == 0 then
    return reaper.MB("Select one or more items first.", TITLE, 0)
  end
  for index = 0, count - 1 do
    local task, name, reason = task_of(reaper.GetSelectedMediaItem(project, index))
    if task then
      work.tasks[#work.tasks + 1] = task
    else
      complain(name, reason .. "; skipped")
    end
  end
  if #work.tasks == 0 then
    return reaper.MB(table.concat(work.trouble, "\n"), TITLE, 0)
  end
  work.program = find_program()
  if not work.program then
    return
  end
  work.settings = ask()
  if not work.settings then
    return
  end
  reaper.RecursiveCreateDirectory(folder, 0)
  reaper.RecursiveCreateDirectory(reaper.GetProjectPathEx(project), 0)
  reaper.atexit(function()
    if work.run then -- the action was ended from outside
      stop(work.run)
    end
  end)
  gfx.init(TITLE, 420, 110)
  loop()
end

main()
