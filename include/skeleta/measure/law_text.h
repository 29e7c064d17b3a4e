#pragma once

#include <string>
#include <vector>

#include "skeleta/measure/activity_tree.h"
#include "skeleta/measure/value_law.h"

/// Laws in words, for flags and plans. Everything that reads throws std::invalid_argument with one
/// sentence that has the text, or the piece of it, and what is wrong.
namespace skeleta {

/// "uniform:0,1", "constant:1", "exponential:2", "half-normal:1", "normal:0,1": numbers in the
/// shortest form that gives back the same bits.
std::string to_string(const ValueLaw& law);
/// Reads what to_string writes.
ValueLaw parse_value_law(const std::string& text);

/// One law for all of `count` features, or "LAW;LAW;…", one for each.
std::vector<ValueLaw> parse_value_laws(const std::string& text, Index count);
/// Reads back as these laws: one if all are alike.
std::string to_string(const std::vector<ValueLaw>& laws);

/// Densities of `count` features: one number for all; a list of `count` numbers "0.1,0.2,…"; or
/// "zipf:EXPONENT[:FIRST]", p_j = FIRST·(j + 1)^−EXPONENT, FIRST = 1 if not given. All in [0, 1].
Vector parse_density(const std::string& text, Index count);

/// Activity of the features whose own densities are given. Groups, separated by commas:
///   together(0,1)       active together; the probability is their density, which must be the same
///   exclusive(2,3)      at most one active, each with its density
///   parent(4,5,6)       the first is the parent; the others, each with its density, only if it is
///   independent(7,8)    for use in other groups
/// Members are features, ranges 7-9, or groups; "group:P" sets the probability that a group is on,
/// together:0.1(0,1), and "feature:P" that of a feature, given that its group is on:
///   exclusive(together:0.1(0,1),parent:0.2(4,5:0.5),6)
/// Without P, "together" and "parent" have the density of their first feature, the others 1. An
/// independent or exclusive group within an exclusive one needs P. Features that are not named are
/// independent. White space is ignored.
ActivityTree parse_groups(const std::string& text, const Vector& density);

/// The groups of a tree in this language, with all probabilities: parse_groups(it, tree.density())
/// is the same law. Empty if the features stand at the top by themselves.
std::string to_string(const ActivityTree& tree);

}  // namespace skeleta
