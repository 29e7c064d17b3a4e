% Reads the example run file with Octave's load; the axes come reversed: [feature, hidden, instance].
file = argv(){1};
f = load(file);
assert(size(f.model.W), [3 2 2])
for i = 0:1
  for k = 0:1
    for j = 0:2
      assert(f.model.W(j + 1, k + 1, i + 1), 100 * i + 10 * k + j + 0.5)
      assert(f.model.b(j + 1, i + 1), i - 0.25 * j)
    end
  end
end
assert(f.data.density(:)', [0 0.5 1])
assert(double(f.loss.l(:)'), [0 1 2 3])
assert(f.loss.mean', [NaN 10.2 20.2 NaN; NaN 110.2 NaN 130.2])
assert(double(f.loss.samples'), [7 17 27 0; 0 117 0 137])
assert(double(f.loss.stop_reason(:)'), [0 2])
assert(f.tail.chernoff_bound(:)', [8.25 18.25])
disp("all right")
