% run = skeleta_open(path) reads a run file of skeleta completely; data/schema.md names its parts.
%
% run.loss.mean and so on are arrays with the axes in the order of data/schema.md, [instance, l]:
% the reversal that Octave's load shows is undone. Vectors are columns, categories cells of words.
% run.attributes has the attributes of the file; run.about.loss.mean has axes, units, long_name.
%
% Octave's load passes over attributes, so ncdump (Debian: netcdf-bin) reads them.
% Errors, with the reason: no such file; not HDF5; no run of skeleta; of a major version that is not
% known here.
function run = skeleta_open(path)
  if exist(path, "file") != 2
    error("skeleta:missing", "%s: no such file", path);
  end
  [run.attributes, about] = read_header(path);
  check_kind(run.attributes, path);
  values = load("-hdf5", path);
  for group = fieldnames(about)'
    for name = fieldnames(about.(group{1}))'
      entry = about.(group{1}).(name{1});
      run.(group{1}).(name{1}) = decode(values.(group{1}).(name{1}), entry);
    end
  end
  run.about = about;
end

function check_kind(attributes, path)
  needed = "this reader needs 'skeleta estimate' or another command of skeleta";
  major_version = 1;
  if !isfield(attributes, "filetype")
    error("skeleta:foreign", "%s: has no attribute filetype, but %s", path, needed);
  elseif isempty(regexp(attributes.filetype, "^skeleta (?!model$)", "once"))  % says itself what it has
    error("skeleta:foreign", "%s: its filetype is '%s', but %s", path, attributes.filetype, needed);
  elseif !isfield(attributes, "version") || numel(attributes.version) != 2
    error("skeleta:foreign", "%s: has no attribute version of two integers, major and minor", path);
  elseif attributes.version(1) != major_version
    error("skeleta:foreign",
          "%s: is of layout version %d.%d, but this reader knows version %d.x: use a newer one",
          path, attributes.version, major_version);
  end
end

% C order reads as Fortran order with the axes reversed.
function value = decode(value, entry)
  count = numel(entry.axes);
  if count > 1
    value = permute(value, count:-1:1);
  else
    value = value(:);
  end
  if isfield(entry, "flag_meanings")
    words = strsplit(entry.flag_meanings, " ");
    [~, place] = ismember(double(value), double(entry.flag_values));
    value = reshape(words(place), size(value));
  end
end

% What `ncdump -h` says: attributes of the file, and axes and attributes of each dataset.
function [attributes, about] = read_header(path)
  [status, text] = system(sprintf("ncdump -h '%s' 2>&1", strrep(path, "'", "'\\''")));
  if status == 127
    error("skeleta:ncdump", "ncdump was not found: install netcdf-bin");
  elseif status != 0
    error("skeleta:foreign", "%s: cannot be read as HDF5: %s", path, strtrim(text));
  end
  attributes = about = struct();
  group = "";
  for line = strsplit(text, "\n")
    parts = @(pattern) regexp(line{1}, pattern, "tokens", "once");
    opened = parts('^group: (\w+) \{');
    dataset = parts('^\s+\w+ (\w+)\((.*)\) ;$');
    found = parts('^\s+(?:string )?(\w*):(\w+) = (.*) ;$');
    if !isempty(opened)
      group = opened{1};
    elseif !isempty(dataset)
      about.(group).(dataset{1}).axes = strsplit(dataset{2}, ", ");
    elseif !isempty(found) && isempty(group)
      attributes.(found{2}) = attribute(found{3});
    elseif !isempty(found) && !isempty(found{1})
      about.(group).(found{1}).(found{2}) = attribute(found{3});
    end
  end
end

function value = attribute(text)
  if text(1) == '"'
    value = do_string_escapes(text(2:end - 1));
  else
    value = str2double(regexprep(strsplit(text, ", "), '[A-Za-z]+$', ""));
  end
end
