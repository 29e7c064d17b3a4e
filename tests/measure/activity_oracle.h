#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "skeleta/measure/activity_tree.h"

/// Activity laws by definition, for at most a dozen features: the probability of each of the 2^D
/// patterns, from what the words independent, exclusive, together and parent mean. Knows nothing of
/// generating functions.
namespace skeleta::testing {

using Long = long double;

struct Group {
  enum Kind { leaf, independent, exclusive, together, parent } kind = leaf;
  double probability = 1.0;     ///< Of being on, given that what it is in is on.
  std::vector<Group> members;   ///< of a parent: its children
  Index feature = -1;           ///< of a leaf; of a parent: the parent
  std::vector<Index> features;  ///< active together
};

inline Group leaf(Index j, double p) {
  return {Group::leaf, p, {}, j, {}};
}

inline std::uint32_t features_below(const Group& group) {
  std::uint32_t all = 0;
  if (group.feature >= 0) all |= 1u << group.feature;
  for (const Index j : group.features) all |= 1u << j;
  for (const Group& member : group.members) all |= features_below(member);
  return all;
}

/// P(the active features below the group are those of `pattern`, given that what it is in is on).
inline Long probability(const Group& group, std::uint32_t pattern) {
  const std::uint32_t own = pattern & features_below(group);
  const Long p = group.probability, off = own == 0 ? 1.0L - p : 0.0L;
  Long on = 0.0L;
  switch (group.kind) {
    case Group::leaf:
      on = own != 0 ? 1.0L : 0.0L;
      break;
    case Group::together:
      on = own == features_below(group) ? 1.0L : 0.0L;
      break;
    case Group::parent:
      on = (own >> group.feature) & 1u ? 1.0L : 0.0L;
      for (const Group& child : group.members) on *= probability(child, own);
      break;
    case Group::independent:
      on = 1.0L;
      for (const Group& member : group.members) on *= probability(member, own);
      break;
    case Group::exclusive: {
      // One member is chosen, or none: then nothing is active.
      Long none = 1.0L;
      for (const Group& member : group.members) {
        none -= member.probability;
        Group chosen = member;
        chosen.probability = 1.0;
        const std::uint32_t inside = own & features_below(member);
        if (inside == own) on += member.probability * probability(chosen, own);
      }
      if (own == 0) on += none;
      break;
    }
  }
  return off + p * on;
}

/// The probabilities of all patterns of D features.
inline std::vector<Long> enumerate(const std::vector<Group>& groups, Index count) {
  std::vector<Long> law(std::size_t{1} << count, 1.0L);
  for (std::uint32_t pattern = 0; pattern < law.size(); ++pattern) {
    for (const Group& group : groups) law[pattern] *= probability(group, pattern);
  }
  return law;
}

/// The same in the library's pieces.
inline ActivityNodes to_nodes(const Group& group) {
  std::vector<ActivityNodes> members;
  for (const Group& member : group.members) members.push_back(to_nodes(member));
  switch (group.kind) {
    case Group::leaf:
      return activity::feature(group.feature, group.probability);
    case Group::independent:
      return activity::independent(members, group.probability);
    case Group::exclusive:
      return activity::exclusive(members, group.probability);
    case Group::together:
      return activity::together(group.features, group.probability);
    case Group::parent:
      return activity::parent(group.feature, group.probability, members);
  }
  return {};
}

inline ActivityTree to_tree(const std::vector<Group>& groups) {
  std::vector<ActivityNodes> pieces;
  for (const Group& group : groups) pieces.push_back(to_nodes(group));
  return ActivityTree(activity::join(pieces));
}

/// Laws of every kind, nested; 8 features at most.
struct ActivityCase {
  std::string name;
  std::vector<Group> groups;
};

inline std::vector<ActivityCase> activity_cases() {
  using G = Group;
  const auto together = [](std::vector<Index> features, double p) {
    return G{G::together, p, {}, -1, std::move(features)};
  };
  const auto exclusive = [](std::vector<G> members, double p) {
    return G{G::exclusive, p, std::move(members), -1, {}};
  };
  const auto independent = [](std::vector<G> members, double p) {
    return G{G::independent, p, std::move(members), -1, {}};
  };
  const auto parent = [](Index j, double p, std::vector<G> children) {
    return G{G::parent, p, std::move(children), j, {}};
  };
  return {
      {"independent", {leaf(0, 0.3), leaf(1, 0.01), leaf(2, 0.9), leaf(3, 1e-6), leaf(4, 0.5)}},
      {"pairs together", {together({0, 1}, 0.2), together({2, 3}, 0.01), leaf(4, 0.3)}},
      {"all together", {together({0, 1, 2, 3}, 0.15)}},
      {"exclusive pairs",
       {exclusive({leaf(0, 0.3), leaf(1, 0.2)}, 1), exclusive({leaf(2, 0.5), leaf(3, 0.5)}, 1)}},
      {"one of five, always",
       {exclusive({leaf(0, 0.1), leaf(1, 0.2), leaf(2, 0.3), leaf(3, 0.3), leaf(4, 0.1)}, 1)}},
      {"parent and children",
       {parent(0, 0.2, {leaf(1, 0.6), leaf(2, 0.1), leaf(3, 1.0)}), leaf(4, 0.4)}},
      {"grandchildren",
       {parent(3, 0.4, {parent(1, 0.5, {leaf(0, 0.25), leaf(5, 0.75)}), leaf(2, 0.1)}),
        leaf(4, 1e-5)}},
      {"exclusive groups",
       {exclusive({together({0, 3}, 0.2), parent(1, 0.3, {leaf(2, 0.5)}), leaf(4, 0.1)}, 0.7),
        leaf(5, 0.2)}},
      {"certain and never",
       {leaf(0, 1.0), leaf(1, 0.0), together({2, 3}, 1.0),
        exclusive({leaf(4, 0.0), leaf(5, 1.0)}, 0.5)}},
      {"deep",
       {independent({exclusive({independent({leaf(0, 0.3),
                                             exclusive({leaf(1, 0.4), together({2, 6}, 0.5)}, 0.9)},
                                            0.6),
                                parent(3, 0.25, {exclusive({leaf(4, 0.5), leaf(7, 0.2)}, 0.8)})},
                               1.0),
                     leaf(5, 0.125)},
                    0.5)}},
  };
}

inline Index count_features(const ActivityCase& test) {
  std::uint32_t all = 0;
  for (const Group& group : test.groups) all |= features_below(group);
  return std::popcount(all);
}

}  // namespace skeleta::testing
