#include "certify/search_tree.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"

namespace skeleta::certify {
namespace {

// A part of the tree: written, or a box to be judged.
struct Part {
  std::string text;
  Sides box;
  int cuts = 0;
  bool pending = false;
};

Part part_of(Sides box, int cuts) {
  return {{}, std::move(box), cuts, true};
}

char letter(const Problem& problem, const Part& part, Verdict& verdict) {
  verdict = problem.judge(part.box);
  if (verdict.reason != 0) return verdict.reason;
  return part.cuts >= most_cuts ? open_leaf : static_cast<char>('0' + verdict.side);
}

// The whole subtree of a box.
std::string subtree(const Problem& problem, Part root) {
  std::string text;
  std::vector<Part> stack{std::move(root)};
  while (!stack.empty()) {
    const Part part = std::move(stack.back());
    stack.pop_back();
    poll();
    Verdict verdict;
    text += letter(problem, part, verdict);
    if (text.back() < '0' || text.back() > '9') continue;
    auto [lower, upper] = halves(part.box, verdict.side);
    stack.push_back(part_of(std::move(upper), part.cuts + 1));
    stack.push_back(part_of(std::move(lower), part.cuts + 1));
  }
  return text;
}

// One level: every box that is pending becomes a letter, or its digit and its halves.
std::vector<Part> next_level(const Problem& problem, std::vector<Part> parts, int threads) {
  std::vector<Verdict> verdicts(parts.size());
  parallel_for(parts.size(), threads, [&](std::size_t n) {
    if (parts[n].pending) parts[n].text = letter(problem, parts[n], verdicts[n]);
  });
  std::vector<Part> next;
  for (std::size_t n = 0; n < parts.size(); ++n) {
    Part& part = parts[n];
    const bool cut = part.pending && part.text[0] >= '0' && part.text[0] <= '9';
    part.pending = false;
    const bool joins = !next.empty() && !next.back().pending;
    if (joins) {
      next.back().text += part.text;
    } else {
      next.push_back({part.text, {}, 0, false});
    }
    if (!cut) continue;
    auto [lower, upper] = halves(part.box, verdicts[n].side);
    next.push_back(part_of(std::move(lower), part.cuts + 1));
    next.push_back(part_of(std::move(upper), part.cuts + 1));
  }
  return next;
}

std::size_t pending(const std::vector<Part>& parts) {
  std::size_t count = 0;
  for (const Part& part : parts) count += part.pending ? 1 : 0;
  return count;
}

std::string side_text(const Sides& box) {
  std::string text;
  for (const Interval& side : box) {
    text += fmt::format("{}[{:.12g}, {:.12g}]", text.empty() ? "" : " x ", side.lo, side.hi);
  }
  return text;
}

}  // namespace

std::array<Sides, 2> halves(const Sides& box, std::size_t side) {
  std::array<Sides, 2> two{box, box};
  two[0][side].hi = two[1][side].lo = box[side].middle();
  return two;
}

std::string grow(const Problem& problem, int threads,
                 const std::function<bool(std::uint64_t boxes)>& progress,
                 std::uint64_t most_boxes) {
  constexpr std::size_t enough = 512, at_once = 64;
  std::vector<Part> parts;
  for (Sides& root : problem.roots()) parts.push_back(part_of(std::move(root), 0));
  while (pending(parts) > 0 && pending(parts) < enough) {
    parts = next_level(problem, std::move(parts), threads);
  }
  std::uint64_t boxes = 0;
  for (std::size_t first = 0; first < parts.size(); first += at_once) {
    const std::size_t count = std::min(at_once, parts.size() - first);
    parallel_for(count, threads, [&](std::size_t n) {
      Part& part = parts[first + n];
      if (!part.pending) return;
      part.text = boxes > most_boxes ? std::string(1, open_leaf) : subtree(problem, part);
    });
    for (std::size_t n = first; n < first + count; ++n) boxes += parts[n].text.size();
    if (progress && !progress(boxes)) throw Interrupted();
  }
  std::string tree;
  for (const Part& part : parts) tree += part.text;
  return tree;
}

std::optional<Flaw> flaw(const Problem& problem, std::string_view tree, int threads) {
  struct Leaf {
    std::size_t place;
    Sides box;
  };
  std::vector<Leaf> leaves;
  std::vector<Sides> stack = problem.roots();
  std::reverse(stack.begin(), stack.end());
  const std::size_t width = stack.empty() ? 0 : stack.front().size();
  for (std::size_t place = 0; place < tree.size(); ++place) {
    if (stack.empty()) return Flaw{place, "the tree goes on after its last box"};
    Sides box = std::move(stack.back());
    stack.pop_back();
    const char c = tree[place];
    if (c >= '0' && c <= '9') {
      const auto side = static_cast<std::size_t>(c - '0');
      if (side >= width) return Flaw{place, fmt::format("a box has no side {}", side)};
      auto [lower, upper] = halves(box, side);
      stack.push_back(std::move(upper));
      stack.push_back(std::move(lower));
    } else {
      leaves.push_back({place, std::move(box)});
    }
  }
  if (!stack.empty()) {
    return Flaw{tree.size(), fmt::format("the tree ends before its last {} boxes", stack.size())};
  }
  std::vector<char> proven(leaves.size());
  parallel_for(leaves.size(), threads, [&](std::size_t n) {
    proven[n] = problem.holds(leaves[n].box, tree[leaves[n].place]) ? 1 : 0;
  });
  for (std::size_t n = 0; n < leaves.size(); ++n) {
    if (proven[n] != 0) continue;
    return Flaw{leaves[n].place, fmt::format("the box {} is not proven by '{}'",
                                             side_text(leaves[n].box), tree[leaves[n].place])};
  }
  return std::nullopt;
}

}  // namespace skeleta::certify
