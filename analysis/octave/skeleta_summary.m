% text = skeleta_summary(run): everything in a run as text that is the same from every reader.
%
% Attributes by name, then datasets by path, their values row-major with 17 digits. `seed` is left
% out, which not every tool can hold: seed_hex is there. Of more than 200 values the first and last
% 100 are printed.
function text = skeleta_summary(run)
  lines = {};
  for name = setdiff(fieldnames(run.attributes), {"seed", "seconds"})'
    lines{end + 1} = [name{1}, " ", attribute_text(run.attributes.(name{1}))];
  end
  for group = sort(fieldnames(run.about))'
    for name = sort(fieldnames(run.about.(group{1})))'
      about = run.about.(group{1}).(name{1});
      value = run.(group{1}).(name{1});
      lines{end + 1} = sprintf("/%s/%s [%s] %s: %s", group{1}, name{1}, axes_text(about.axes, value),
                               about.units, about.long_name);
      lines{end + 1} = ["  ", values_text(value)];
    end
  end
  text = [strjoin(lines, "\n"), "\n"];
end

function text = attribute_text(value)
  if ischar(value)
    text = strrep(value, "\n", '\n');
  else
    text = strjoin(arrayfun(@(x) sprintf("%d", x), value, "UniformOutput", false), ".");
  end
end

function text = axes_text(axes, value)
  lengths = arrayfun(@(k) size(value, k), 1:numel(axes));
  parts = arrayfun(@(k) sprintf("%s %d", axes{k}, lengths(k)), 1:numel(axes), ...
                   "UniformOutput", false);
  text = strjoin(parts, ", ");
end

function text = values_text(value)
  value = permute(value, ndims(value):-1:1)(:);  % row-major
  if numel(value) > 200
    text = [words(value(1:100)), " ... ", words(value(end - 99:end))];
  else
    text = words(value);
  end
end

function text = words(value)
  if iscell(value)
    text = strjoin(value', " ");
  elseif isinteger(value)
    text = strtrim(sprintf("%d ", value));
  else
    text = lower(strtrim(sprintf("%.17g ", value)));  % NaN and Inf as nan and inf
  end
end
