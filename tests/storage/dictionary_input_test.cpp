// Dictionaries as people have them: formats, keys, which axis is which, and files that lie.
#include "skeleta/storage/dictionary_input.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "../../lib/storage/tensor_values.h"
#include "skeleta/storage/file_error.h"
#include "storage/tensor_writers.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t D = 7, d = 3;

// Numbers that every type has, no two rows or columns alike.
float entry(std::size_t feature, std::size_t dimension) {
  return 0.25F * static_cast<float>((feature * 7 + dimension * 5) % 23) - 2.5F;
}

FloatMatrix expected(std::size_t features = D, std::size_t hidden = d) {
  FloatMatrix matrix(hidden, features);
  for (std::size_t j = 0; j < features; ++j) {
    for (std::size_t k = 0; k < hidden; ++k) {
      matrix(static_cast<Index>(k), static_cast<Index>(j)) = entry(j, k);
    }
  }
  return matrix;
}

// Row-major [feature, hidden], or [hidden, feature].
std::vector<float> numbers(bool by_feature, std::size_t features = D, std::size_t hidden = d) {
  std::vector<float> result;
  for (std::size_t r = 0; r < (by_feature ? features : hidden); ++r) {
    for (std::size_t c = 0; c < (by_feature ? hidden : features); ++c) {
      result.push_back(by_feature ? entry(r, c) : entry(c, r));
    }
  }
  return result;
}

std::uint16_t upper_half(float x) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16);
}
std::uint16_t half(float x) {
  return std::bit_cast<std::uint16_t>(Eigen::half(x));
}

template <class To, class Convert>
std::string as(const std::vector<float>& from, Convert convert) {
  std::vector<To> to;
  for (const float x : from) to.push_back(convert(x));
  return raw(to);
}

Written rows(const std::string& name = "W_dec") {
  return {name, "F32", {D, d}, raw(numbers(true))};
}
Written columns(const std::string& name = "W_enc") {
  return {name, "F32", {d, D}, raw(numbers(false))};
}
Written vector(const std::string& name, const std::vector<float>& values) {
  return {name, "F32", {values.size()}, raw(values)};
}
Written counting(const std::string& name, std::size_t length) {
  std::vector<float> values;
  for (std::size_t k = 0; k < length; ++k) values.push_back(0.125F * static_cast<float>(k));
  return vector(name, values);
}
Vector counted(std::size_t length) {
  return Vector::LinSpaced(static_cast<Index>(length), 0.0,
                           0.125 * static_cast<double>(length - 1));
}

class DictionaryInputTest : public testing::Test {
 protected:
  DictionaryInput read(const std::string& bytes, const DictionaryNames& names = {}) {
    put(folder_ / "file", bytes);
    return read_dictionary(folder_ / "file", names);
  }
  // The sentence that the file is refused with, after its name.
  std::string refusal(const std::string& bytes, const DictionaryNames& names = {}) {
    const std::string message = message_of<FileError>([&] { read(bytes, names); });
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    const std::size_t colon = message.find(": ");
    return colon == std::string::npos ? message : message.substr(colon + 2);
  }

  TemporaryFolder folder_;
};

// --- formats
// ---------------------------------------------------------------------------------------

TEST_F(DictionaryInputTest, ReadsEveryTypeOfSafetensors) {
  const std::vector<float> x = numbers(true);
  for (const Written& decoder :
       {rows(), Written{"W_dec", "F16", {D, d}, as<std::uint16_t>(x, half)},
        Written{"W_dec", "BF16", {D, d}, as<std::uint16_t>(x, upper_half)},
        Written{"W_dec", "F64", {D, d}, as<double>(x, [](float v) { return double{v}; })}}) {
    SCOPED_TRACE(decoder.type);
    const DictionaryInput input =
        read(safetensors({counting("b_enc", D), decoder, {"step", "I64", {}, "12345678"}}));
    EXPECT_EQ(input.decoder, expected());
    EXPECT_EQ(input.b_enc, counted(D));
    EXPECT_FALSE(input.encoder || input.b_dec || input.threshold || input.density);
    const auto rounded = testing::Contains(HasSubstr("W_dec is float64: rounded to float32"));
    if (decoder.type == "F64") {
      EXPECT_THAT(input.notes, rounded);
    } else {
      EXPECT_THAT(input.notes, Not(rounded));
    }
    EXPECT_THAT(input.notes, testing::Contains("not read: step"));
  }
}

// By the definition of the formats, bit pattern by bit pattern.
TEST_F(DictionaryInputTest, WidensEveryHalf) {
  std::vector<std::uint16_t> patterns(65536);
  for (std::size_t k = 0; k < patterns.size(); ++k) patterns[k] = static_cast<std::uint16_t>(k);
  for (const auto& [type, digits] : {std::pair{"F16", 10}, std::pair{"BF16", 7}}) {
    put(folder_ / "file", safetensors({{"x", type, {65536}, raw(patterns)}}));
    const auto file = open_tensors(folder_ / "file");
    const Vector values = read_vector(*file, file->tensors().front());
    const int exponents = 1 << (15 - digits), bias = exponents / 2 - 1;
    for (int k = 0; k < 65536; ++k) {
      const int exponent = (k >> digits) % exponents, fraction = k % (1 << digits);
      double x = exponent == 0 ? std::ldexp(fraction, 1 - bias - digits)
                               : std::ldexp(fraction + (1 << digits), exponent - bias - digits);
      if (exponent == exponents - 1) x = fraction == 0 ? INFINITY : NAN;
      if (k >= 32768) x = -x;
      if (std::isnan(x)) {
        EXPECT_TRUE(std::isnan(values(k))) << type << " " << k;
      } else {
        EXPECT_EQ(values(k), x) << type << " " << k;
      }
    }
  }
}

TEST_F(DictionaryInputTest, ReadsArraysOfNumPy) {
  const Written array{"", "<f4", {D, d}, raw(numbers(true))};
  DictionaryNames names;
  names.decoder = "the array";
  for (const int version : {1, 2, 3}) {
    EXPECT_EQ(read(npy(array, false, version), names).decoder, expected());
  }
  const Written fortran{"", "<f4", {D, d}, raw(numbers(false))};
  EXPECT_EQ(read(npy(fortran, true), names).decoder, expected());
  const Written transposed{"", "<f4", {d, D}, raw(numbers(true))};
  EXPECT_EQ(read(npy(transposed, true), names).decoder, expected());
  const auto swapped = [](float x) { return __builtin_bswap32(std::bit_cast<std::uint32_t>(x)); };
  const Written big{"", ">f4", {D, d}, as<std::uint32_t>(numbers(true), swapped)};
  EXPECT_EQ(read(npy(big), names).decoder, expected());
  const auto wide = [](float x) {
    return __builtin_bswap64(std::bit_cast<std::uint64_t>(double{x}));
  };
  const Written big_wide{"", ">f8", {D, d}, as<std::uint64_t>(numbers(true), wide)};
  EXPECT_EQ(read(npy(big_wide), names).decoder, expected());
  const Written small{"", "<f2", {D, d}, as<std::uint16_t>(numbers(true), half)};
  EXPECT_EQ(read(npy(small), names).decoder, expected());
}

TEST_F(DictionaryInputTest, ReadsArchivesOfNumPy) {
  std::vector<Written> arrays{rows(), columns(), counting("b_enc", D), counting("b_dec", d),
                              counting("threshold", D)};
  for (Written& array : arrays) array.type = "<f4";
  for (const ZipManner& manner : {ZipManner{}, ZipManner{.deflate = true}, ZipManner{.zip64 = true},
                                  ZipManner{.deflate = true, .zip64 = true, .comment = "PK\5\6"}}) {
    const DictionaryInput input = read(npz(arrays, manner));
    EXPECT_EQ(input.decoder, expected());
    EXPECT_EQ(input.encoder, expected());
    EXPECT_EQ(input.b_enc, counted(D));
    EXPECT_EQ(input.b_dec, counted(d));
    EXPECT_EQ(input.threshold, counted(D));
  }
}

// Numbers beyond one block, of rows and of columns, and a row longer than a block.
TEST_F(DictionaryInputTest, PutsEveryNumberOfALargeTensorInItsPlace) {
  for (const auto& [features, hidden] :
       {std::pair<std::size_t, std::size_t>{3000, 1001}, {2'100'000, 2}}) {
    for (const bool by_feature : {true, false}) {
      const Written decoder{
          "W_dec", "F16",
          by_feature ? std::vector{features, hidden} : std::vector{hidden, features},
          as<std::uint16_t>(numbers(by_feature, features, hidden), half)};
      EXPECT_EQ(read(safetensors({decoder})).decoder, expected(features, hidden));
    }
  }
}

TEST_F(DictionaryInputTest, AgreesWithWhatPythonWrites) {
  run_python("make_dictionaries.py", folder_.path().string());
  const FloatMatrix W = expected();
  for (const char* name : {"model.h5", "groups.h5", "half.h5", "stored.npz", "packed.npz",
                           "big.npz", "bfloat.safetensors"}) {
    SCOPED_TRACE(name);
    const DictionaryInput input = read_dictionary(folder_ / name);
    EXPECT_EQ(input.decoder, W);
    EXPECT_EQ(input.b_enc, counted(D));
  }
  const DictionaryInput model = read_dictionary(folder_ / "model.h5");
  EXPECT_EQ(model.density, Vector::Constant(D, 0.125));
  EXPECT_THAT(model.notes, testing::Contains("/b is subtracted before the activation: b_enc = -b"));
  const DictionaryInput untied = read_dictionary(folder_ / "untied.h5");
  EXPECT_EQ(untied.decoder, W);
  EXPECT_EQ(untied.encoder, FloatMatrix(2.0F * W));
  EXPECT_EQ(untied.threshold, counted(D));
  const std::filesystem::path data = SKELETA_SOURCE_DIR "/data";
  EXPECT_EQ(read_dictionary(data / "fixtures/estimate_one.h5").features(), 20);
  EXPECT_THAT(
      message_of<FileError>([&] { read_dictionary(data / "trained/n5_m2_S0.95.h5"); }),
      HasSubstr("/W has shape [8, 2, 5]: it must have two axes, features and dimensions, of "
                "one model"));
  const DictionaryInput groups = read_dictionary(folder_ / "groups.h5");
  EXPECT_EQ(groups.encoder, W);
  const auto message = [&](const char* name) {
    return message_of<FileError>([&] { read_dictionary(folder_ / name); });
  };
  EXPECT_THAT(message("external.h5"), HasSubstr("/W is a link to /W in another file, 'other.h5'"));
  EXPECT_THAT(message("unwritten.h5"), HasSubstr("/W was never written"));
  EXPECT_THAT(message("huge.h5"), HasSubstr("/W has shape [1000000000, 1000]: that needs 1.6e+04"));
  EXPECT_THAT(message("saved.pt"), HasSubstr("is a file of torch.save"));
  EXPECT_THAT(message("text.txt"), HasSubstr("is neither an HDF5 nor a safetensors, npz or npy"));
}

// --- keys
// ------------------------------------------------------------------------------------------

TEST_F(DictionaryInputTest, KnowsTheUsualKeys) {
  for (const auto& [decoder, encoder, b_enc, b_dec, threshold] :
       {std::array{"W_dec", "W_enc", "b_enc", "b_dec", "threshold"},
        std::array{"w_dec", "w_enc", "b_enc", "b_dec", "threshold"},
        std::array{"decoder.weight", "encoder.weight", "encoder.bias", "bias", "threshold"},
        std::array{"W_dec", "encoder.weight", "encoder.bias", "b_dec", "jumprelu.threshold"},
        std::array{"module.decoder.weight", "module.encoder.weight", "module.latent_bias",
                   "module.pre_bias", "module.threshold"},
        std::array{"dec.weight", "enc.weight", "enc.bias", "dec.bias", "sae/threshold"}}) {
    const DictionaryInput input =
        read(safetensors({columns(decoder), rows(encoder), counting(b_enc, D), counting(b_dec, d),
                          counting(threshold, D)}));
    EXPECT_EQ(input.decoder, expected());
    EXPECT_EQ(input.encoder, expected());
    EXPECT_EQ(input.b_enc, counted(D));
    EXPECT_EQ(input.b_dec, counted(d));
    EXPECT_EQ(input.threshold, counted(D));
    EXPECT_EQ(input.features(), Index{D});
    EXPECT_EQ(input.hidden(), Index{d});
  }
}

TEST_F(DictionaryInputTest, TakesTheKeysThatAreGiven) {
  DictionaryNames names;
  names.decoder = "V";
  names.b_enc = "shift";
  const auto bytes = safetensors({rows("V"), rows("W_dec"), counting("shift", D)});
  const DictionaryInput input = read(bytes, names);
  EXPECT_EQ(input.b_enc, counted(D));
  EXPECT_THAT(input.notes, testing::Contains("not read: W_dec"));
  names.encoder = "gone";
  EXPECT_EQ(refusal(bytes, names),
            "has no gone, which is to be the encoder (it holds: V, W_dec, shift)");
}

TEST_F(DictionaryInputTest, NamesWhatIsThereInstead) {
  std::vector<Written> many;
  for (int k = 0; k < 25; ++k) many.push_back(vector("layer" + std::to_string(k), {1.0F}));
  EXPECT_THAT(refusal(safetensors(many)),
              testing::AllOf(HasSubstr("has no decoder: name the key that is meant (it holds: "
                                       "layer0, layer1, "),
                             HasSubstr(", layer19 and 5 more)")));
  EXPECT_EQ(
      refusal(safetensors({rows("a.W_dec"), rows("b.W_dec")})),
      "has a.W_dec and b.W_dec, each of which may be the decoder: name the one that is meant");
}

// --- axes
// ------------------------------------------------------------------------------------------

TEST_F(DictionaryInputTest, FindsTheAxisOfTheFeatures) {
  const auto note = [&](const std::vector<Written>& tensors) {
    return read(safetensors(tensors)).notes.front();
  };
  EXPECT_EQ(note({rows()}),
            "W_dec has shape [7, 3]: 7 features in 3 dimensions, a row each (the longer side)");
  EXPECT_EQ(note({columns("W_dec")}),
            "W_dec has shape [3, 7]: 7 features in 3 dimensions, a column each (the longer side)");
  // Fewer features than dimensions, as lengths tell against the longer side.
  EXPECT_EQ(note({rows(), counting("b_enc", d)}),
            "W_dec has shape [7, 3]: 3 features in 7 dimensions, a column each (b_enc has 3 "
            "entries)");
  EXPECT_EQ(note({rows(), counting("b_dec", D)}),
            "W_dec has shape [7, 3]: 3 features in 7 dimensions, a column each (b_dec has 7 "
            "entries)");
  EXPECT_EQ(read(safetensors({rows(), counting("b_dec", D)})).decoder,
            FloatMatrix(expected().transpose()));
}

TEST_F(DictionaryInputTest, AsksForTheAxisOfASquareDecoder) {
  const std::vector<float> x{1, 2, 3, 4};
  const Written decoder{"W_dec", "F32", {2, 2}, raw(x)}, encoder{"W_enc", "F32", {2, 2}, raw(x)};
  const std::string bytes = safetensors({decoder, encoder, vector("b_enc", {0, 0})});
  EXPECT_THAT(refusal(bytes), HasSubstr("W_dec has shape [2, 2], and nothing tells which axis is "
                                        "that of the features: give the orientation"));
  DictionaryNames names;
  names.orientation = Orientation::feature_rows;
  EXPECT_EQ(read(bytes, names).decoder, (FloatMatrix{{1, 3}, {2, 4}}));
  EXPECT_EQ(*read(bytes, names).encoder, (FloatMatrix{{1, 2}, {3, 4}}));
  names.orientation = Orientation::feature_columns;
  EXPECT_EQ(read(bytes, names).decoder, (FloatMatrix{{1, 2}, {3, 4}}));
  EXPECT_EQ(*read(bytes, names).encoder, (FloatMatrix{{1, 3}, {2, 4}}));
}

TEST_F(DictionaryInputTest, RefusesShapesThatDisagree) {
  EXPECT_EQ(refusal(safetensors({rows(), counting("b_enc", 5)})),
            "W_dec has shape [7, 3], but b_enc has 5 entries: they are not of one dictionary");
  EXPECT_EQ(refusal(safetensors({rows(), counting("b_enc", D), counting("b_dec", D)})),
            "W_dec has shape [7, 3], but b_dec has 7 entries, and b_enc has 7 entries: they are "
            "not of one dictionary");
  EXPECT_EQ(refusal(safetensors({rows(), {"W_enc", "F32", {2, 3}, raw(std::vector<float>(6))}})),
            "W_enc has shape [2, 3], but W_dec has shape [7, 3]: encoder and decoder must have as "
            "many features and dimensions");
  EXPECT_EQ(refusal(safetensors({counting("W_dec", D)})),
            "W_dec has shape [7]: it must have two axes, features and dimensions");
  EXPECT_EQ(refusal(safetensors({rows(), rows("b_enc")})),
            "b_enc has shape [7, 3]: it must have "
            "one axis");
  EXPECT_EQ(refusal(safetensors({{"W_dec", "F32", {0, 3}, ""}})),
            "W_dec has shape [0, 3]: no axis may be empty");
  DictionaryNames names;
  names.orientation = Orientation::feature_columns;
  EXPECT_EQ(refusal(safetensors({rows(), counting("b_enc", D)}), names),
            "W_dec has shape [7, 3], but b_enc has 7 entries: a feature cannot be a column of it");
}

// --- numbers
// ---------------------------------------------------------------------------------------

TEST_F(DictionaryInputTest, NamesTheNumberThatIsNotFinite) {
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    std::vector<float> x = numbers(true);
    x[3 * d + 1] = bad;
    const std::string end = fmt::format(" is {}: every number must be finite", bad);
    EXPECT_EQ(refusal(safetensors({{"W_dec", "F32", {D, d}, raw(x)}})), "W_dec[3, 1]" + end);
    EXPECT_EQ(refusal(safetensors({{"W_dec", "BF16", {D, d}, as<std::uint16_t>(x, upper_half)}})),
              "W_dec[3, 1]" + end);
    EXPECT_EQ(refusal(npz({{"W_dec", "<f4", {D, d}, raw(x)}})), "W_dec[3, 1]" + end);
    DictionaryNames names;
    names.decoder = "the array";
    EXPECT_EQ(refusal(npy({"", "<f4", {d, D}, raw(x)}, true), names), "the array[1, 3]" + end);
    EXPECT_EQ(refusal(safetensors({rows(), vector("b_enc", {0, 0, bad, 0, 0, 0, 0})})),
              "b_enc[2]" + end);
  }
  std::vector<double> large(D * d, 1.0);
  large[5] = 1e39;
  EXPECT_EQ(refusal(safetensors({{"W_dec", "F64", {D, d}, raw(large)}})),
            "W_dec[1, 2] is 1e+39: too large for single precision");
}

TEST_F(DictionaryInputTest, CountsTheDead) {
  std::vector<float> x = numbers(true);
  for (const std::size_t dead : {1U, 4U})
    std::fill_n(x.begin() + static_cast<long>(dead * d), d, 0);
  EXPECT_THAT(read(safetensors({{"W_dec", "F32", {D, d}, raw(x)}})).notes,
              testing::Contains("2 of the 7 features have a zero decoder"));
}

TEST_F(DictionaryInputTest, TakesThresholdsAsTheyAreMeant) {
  const std::vector<float> logs{0, -1, 1, 2, -3, 0, 0.5F};
  const DictionaryInput input = read(safetensors({rows(), vector("log_threshold", logs)}));
  for (Index k = 0; k < Index{D}; ++k) {
    EXPECT_DOUBLE_EQ((*input.threshold)(k), std::exp(double{logs[static_cast<std::size_t>(k)]}));
  }
  EXPECT_THAT(input.notes, testing::Contains("log_threshold: the thresholds are exp of it"));
  const DictionaryInput single = read(safetensors({rows(), vector("threshold", {0.5F})}));
  EXPECT_EQ(single.threshold, Vector::Constant(D, 0.5));
  EXPECT_THAT(single.notes, testing::Contains("threshold is one number, that of every feature"));
  EXPECT_EQ(refusal(safetensors({rows(), vector("threshold", {0, 1, -1, 0, 0, 0, 0})})),
            "threshold[2] is -1: a threshold must not be negative");
}

TEST_F(DictionaryInputTest, TakesDensitiesAsTheyAreMeant) {
  const auto density = [&](const std::string& name, const std::vector<float>& values) {
    return *read(safetensors({rows(), vector(name, values)})).density;
  };
  const Vector expected{{0.5, 0.25, 0.0, 1.0, 0.5, 0.5, 0.5}};
  EXPECT_EQ(density("density", {0.5F, 0.25F, 0, 1, 0.5F, 0.5F, 0.5F}), expected);
  const Vector logs = density("sparsity", {-1, -2, -INFINITY, 0, -3, -10, -1});
  EXPECT_LT((logs - Vector{{0.1, 0.01, 0.0, 1.0, 1e-3, 1e-10, 0.1}}).cwiseAbs().maxCoeff(), 1e-16);
  EXPECT_EQ(density("density", {0, 0, 0, 0, 0, 0, 0}), Vector::Zero(D));
  EXPECT_THAT(
      read(safetensors({rows(), vector("log_feature_density", {-1, -1, 0, 0, 0, 0, 0})})).notes,
      testing::Contains("log_feature_density has no positive number: taken as the "
                        "densities' logarithms to base 10"));
  const std::string rule =
      ": every density must lie in [0, 1], or every one be a logarithm to base 10";
  EXPECT_EQ(refusal(safetensors({rows(), vector("density", {0.5F, -1, 0, 0, 0, 0, 0})})),
            "density[1] is -1" + rule);
  EXPECT_EQ(refusal(safetensors({rows(), vector("density", {0, 0, 1.5F, 0, 0, 0, 0})})),
            "density[2] is 1.5" + rule);
  EXPECT_EQ(refusal(safetensors({rows(), vector("density", {0, 0, NAN, 0, 0, 0, 0})})),
            "density[2] is nan: every number must be finite");
  EXPECT_THAT(refusal(safetensors({rows(), vector("sparsity", {0.9F, 0, 0, 0, 0, 0, 0})})),
              HasSubstr("may be 1 minus them: store it as density"));
}

TEST_F(DictionaryInputTest, TakesImportances) {
  EXPECT_EQ(read(safetensors({rows(), counting("importance", D)})).importance, counted(D));
  const DictionaryInput one = read(safetensors({rows(), vector("importance", {2.0F})}));
  EXPECT_EQ(one.importance, Vector::Constant(static_cast<Index>(D), 2.0));
  std::vector<float> negative(D, 1.0F);
  negative[2] = -0.5F;
  EXPECT_EQ(refusal(safetensors({rows(), vector("importance", negative)})),
            "importance[2] is -0.5: an importance must not be negative");
}

TEST_F(DictionaryInputTest, TakesDensitiesOfAnotherFile) {
  DictionaryNames names;
  names.density_file = folder_ / "density";
  put(folder_ / "density", npy({"", "<f4", {D}, raw(std::vector<float>(D, 0.25F))}));
  EXPECT_EQ(read(safetensors({rows()}), names).density, Vector::Constant(D, 0.25));
  const Written p = counting("p", D);
  put(folder_ / "density", safetensors({p, counting("q", D)}));
  EXPECT_THAT(refusal(safetensors({rows()}), names), HasSubstr("has no density"));
  names.density = "p";
  EXPECT_EQ(read(safetensors({rows()}), names).density, counted(D));
  put(folder_ / "density", safetensors({counting("p", 2)}));
  EXPECT_THAT(refusal(safetensors({rows()}), names), HasSubstr("p has 2 entries"));
}

TEST_F(DictionaryInputTest, TakesNamesOfATextFile) {
  DictionaryNames names;
  names.feature_names = folder_ / "names";
  const auto named = [&](const std::string& text) {
    put(folder_ / "names", text);
    return read(safetensors({rows()}), names).names;
  };
  const auto refused = [&](const std::string& text) {
    put(folder_ / "names", text);
    return refusal(safetensors({rows()}), names);
  };
  const auto all = ElementsAre("a", "b c", "ü", "", "語", "😀", "g");
  EXPECT_THAT(named("a\nb c\nü\n\n語\n😀\ng\n"), all);
  EXPECT_THAT(named("\xEF\xBB\xBF"
                    "a\r\nb c\r\nü\r\n\r\n語\r\n😀\r\ng"),
              all);
  EXPECT_EQ(refused("a\nb\n"), "has 2 lines, but there are 7 features: it must have one for each");
  EXPECT_THAT(refused(std::string(16, '\n')), HasSubstr("has 16 lines"));
  EXPECT_THAT(refused(std::string(100'000, 'x')), HasSubstr("has too many or too long lines"));
  EXPECT_EQ(refused("a\n" + std::string(5000, 'x') + "\n"),
            "line 2 is longer than a name can be, 4096 bytes");
  EXPECT_EQ(refused("a\nb\n\x1b[31m\n"), "line 3 has control characters");
  for (const char* bad : {"\xFF", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80"}) {
    EXPECT_EQ(refused(std::string("a\n") + bad + "\n"), "line 2 is not UTF-8: convert the file");
  }
}

// --- files that lie
// ----------------------------------------------------------------------------------

TEST_F(DictionaryInputTest, RefusesHeadersOfSafetensorsThatLie) {
  const std::string data(84, '\0');
  const auto of = [&](const std::string& tensors) {
    return refusal(safetensors_of("{" + tensors + "}", data));
  };
  const auto tensor = [](const std::string& name, const std::string& type, const std::string& shape,
                         const std::string& offsets) {
    return "\"" + name + R"(":{"dtype":")" + type + R"(","shape":)" + shape +
           R"(,"data_offsets":)" + offsets + "}";
  };
  const auto W = [&](const std::string& shape, const std::string& offsets) {
    return of(tensor("W_dec", "F32", shape, offsets));
  };
  EXPECT_EQ(
      read(safetensors_of("{" + tensor("W_dec", "F32", "[7,3]", "[0,84]") + "}", data)).features(),
      7);
  EXPECT_THAT(W("[7,3]", "[0,80]"), HasSubstr("its last 4 bytes belong to no tensor"));
  EXPECT_THAT(W("[7,3]", "[4,84]"), HasSubstr("the 4 bytes before W_dec belong to no tensor"));
  EXPECT_THAT(W("[7,3]", "[0,88]"), HasSubstr("W_dec ends 4 bytes behind the end of the file"));
  EXPECT_THAT(W("[7,3]", "[84,0]"), HasSubstr("W_dec ends before it begins"));
  EXPECT_THAT(W("[7,4]", "[0,84]"), HasSubstr("W_dec has shape [7, 4] and type F32, but 84 bytes"));
  EXPECT_THAT(W("[4294967296,4294967296,7]", "[0,84]"), HasSubstr("but 84 bytes"));
  EXPECT_THAT(W("[18446744073709551615]", "[0,84]"), HasSubstr("but 84 bytes"));
  EXPECT_THAT(W("[18446744073709551616]", "[0,84]"), HasSubstr("not whole or too large"));
  EXPECT_THAT(W("[-7,3]", "[0,84]"), HasSubstr("a negative number at 'W_dec'"));
  EXPECT_THAT(W("[7.0,3]", "[0,84]"), HasSubstr("not whole or too large"));
  EXPECT_THAT(W("[[7],3]", "[0,84]"), HasSubstr("its header has a list"));
  EXPECT_THAT(W("[7,3]", "[0,84,84]"), HasSubstr("no dtype, shape or data_offsets of two numbers"));
  EXPECT_THAT(W("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,84]"),
              HasSubstr("a list too long"));
  EXPECT_THAT(W("[7,3]", R"({"0":84})"), HasSubstr("an object within a tensor"));
  EXPECT_THAT(W("null", "[0,84]"), HasSubstr("its header has null"));
  EXPECT_THAT(of(R"("W_dec":{"dtype":"F32","shape":[7,3]})"), HasSubstr("no dtype, shape or"));
  EXPECT_THAT(of(R"("W_dec":{"dtype":"F32","dtype":"F16"})"), HasSubstr("a field twice"));
  EXPECT_THAT(of(R"("W_dec":{"place":3})"), HasSubstr("an unknown field"));
  EXPECT_THAT(of(R"("W_dec":7)"), HasSubstr("a number at 'W_dec'"));
  const std::string half = tensor("W_dec", "F32", "[7,1]", "[0,28]");
  EXPECT_THAT(of(half + "," + half), HasSubstr("two tensors of this name at 'W_dec'"));
  EXPECT_THAT(of(half + "," + tensor("b", "F32", "[15]", "[24,84]")),
              HasSubstr("b overlaps another tensor"));
  EXPECT_THAT(of(tensor("W_dec", "I8", "[28,3]", "[0,84]")),
              HasSubstr("W_dec is of type I8: F16, BF16, F32 and F64 are read"));
  EXPECT_THAT(of(tensor("W_dec", "F4", "[28,3]", "[0,84]")), HasSubstr("W_dec is of type F4"));
  EXPECT_THAT(of(tensor("a\\n\\u001b", "F32", "[7,3]", "[0,84]")), HasSubstr("(it holds: a?"
                                                                             "?)"));
  std::string many;
  for (int k = 0; k < 100'001; ++k) {
    many += (k > 0 ? "," : "") + tensor(std::to_string(k), "F32", "[0]", "[0,0]");
  }
  EXPECT_THAT(of(many), HasSubstr("its header has more than 100000 tensors"));
  EXPECT_THAT(of("\"W_dec\": \xFF"), HasSubstr("its header is not JSON"));
  EXPECT_THAT(refusal(safetensors_of("{} {}", "")), HasSubstr("its header is not JSON"));
  EXPECT_THAT(refusal(safetensors_of("{" + std::string(100'000, '['), "")), HasSubstr("not JSON"));
  EXPECT_THAT(refusal(safetensors_of("{\"a\":" + std::string(1'000'000, '['), "")),
              HasSubstr("its header has a list"));
  for (const std::uint64_t length :
       {std::uint64_t{1} << 63, ~std::uint64_t{0}, std::uint64_t{99}}) {
    EXPECT_THAT(refusal(little(length, 8) + "{}"), HasSubstr("is neither an HDF5 nor"));
  }
}

TEST_F(DictionaryInputTest, RefusesHeadersOfNumPyThatLie) {
  const std::string data(84, '\0');
  const auto of = [&](const std::string& header) { return refusal(npy_of(header, data)); };
  const auto shaped = [&](const std::string& shape) {
    return of("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}");
  };
  DictionaryNames names;
  names.decoder = "the array";
  EXPECT_EQ(read(npy_of("{\"shape\":(7,3),'fortran_order':False , 'descr':'<f4'}", data), names)
                .features(),
            7);
  EXPECT_THAT(shaped("(7, 4)"),
              HasSubstr("the array is damaged: its shape is [7, 4], but it has 84"));
  EXPECT_THAT(shaped("(7, 2)"), HasSubstr("its shape is [7, 2], but it has 84 bytes"));
  EXPECT_THAT(shaped("(4294967296, 4294967296, 7)"), HasSubstr("but it has 84 bytes"));
  for (const char* bad :
       {"(18446744073709551616,)", "(-7, 3)", "(7 3)", "(7, 3", "7", "[7, 3]", ""}) {
    EXPECT_THAT(shaped(bad), HasSubstr("its header is not understood from character")) << bad;
  }
  EXPECT_THAT(of("{'descr': '<f4', 'shape': (7, 3)}"), HasSubstr("is not understood"));
  EXPECT_THAT(of("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (7, 3)}"),
              HasSubstr("is not understood from character 25 on"));
  EXPECT_THAT(of("{'descr': '<f4', 'fortran_order': 0, 'shape': (7, 3)}"),
              HasSubstr("not understood"));
  EXPECT_THAT(of("{'descr': '<f4', 'fortran_order': False, 'shape': (7, 3)} x"),
              HasSubstr("is not understood"));
  for (const char* type : {"<i4", "|O", "<f16", "|S4", "f4", "<c8", "", "<"}) {
    EXPECT_THAT(
        of(std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (7, 3)}"),
        HasSubstr(fmt::format("the array is of type '{}'", type)));
  }
  EXPECT_THAT(of("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (21,)}"),
              HasSubstr("is a structured array"));
  EXPECT_THAT(refusal(npy_of("{}", data, 4)), HasSubstr("is a NumPy array of format 4"));
  EXPECT_THAT(refusal("\x93NUMPY\1"), HasSubstr("is no NumPy array"));
  EXPECT_THAT(refusal(std::string("\x93NUMPY\2\0\xFF\xFF\xFF\xFF", 12)),
              HasSubstr("its header is too long"));
}

TEST_F(DictionaryInputTest, RefusesArchivesThatLie) {
  const Written W{"W_dec", "<f4", {D, d}, raw(numbers(true))};
  EXPECT_THAT(refusal(npz({W}, {.deflate = true, .claimed_size = 1'000'000})),
              testing::AllOf(HasSubstr("W_dec.npy claims to be 1000000 bytes, of which"),
                             HasSubstr("are stored")));
  EXPECT_THAT(refusal(npz({W}, {.deflate = true, .zip64 = true, .claimed_size = 1ULL << 62})),
              HasSubstr("claims to be 4611686018427387904 bytes"));
  EXPECT_THAT(refusal(npz({W}, {.claimed_size = 100})), HasSubstr("claims to be 100 bytes"));
  std::vector<std::uint16_t> noise(500'000);
  for (std::size_t k = 0; k < noise.size(); ++k)
    noise[k] = static_cast<std::uint16_t>(k * k * 40503);
  EXPECT_THAT(refusal(npz({{"W_dec", "<f2", {500, 1000}, raw(noise)}},
                          {.deflate = true, .claimed_size = 300'000'000})),
              HasSubstr("W_dec.npy claims to be 300000000 bytes"));
  EXPECT_THAT(refusal(npz({W}, {.deflate = true, .claimed_size = 300})),
              HasSubstr("W_dec is damaged: its shape is [7, 3], but it has"));
  EXPECT_THAT(refusal(npz({W}, {.flags = 1})), HasSubstr("W_dec.npy is encrypted"));
  EXPECT_THAT(refusal(npz({W}, {.method = 12})),
              HasSubstr("W_dec.npy is packed by zip's method 12"));
  EXPECT_THAT(refusal(npz({W}, {.disk = 1})), HasSubstr("is a part of a zip archive"));
  EXPECT_THAT(refusal(npz({W, W})), HasSubstr("it has two entries W_dec.npy"));
  EXPECT_THAT(refusal(zip({{"W_dec.npy", "no array"}})), HasSubstr("W_dec is no NumPy array"));
  EXPECT_THAT(refusal(zip({})), HasSubstr("has no decoder"));
  for (const bool deflate : {false, true}) {
    std::string bytes = npz({W}, {.deflate = deflate});
    EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 1)),
                HasSubstr("is a damaged zip archive: its directory is not at its end"));
    bytes[bytes.find("PK\1\2") - 3] ^= 1;  // of the numbers
    EXPECT_THAT(refusal(bytes), HasSubstr("is damaged: W_dec.npy is not what was put into it"));
  }
  std::string two = npz({W, {"b_enc", "<f4", {D}, raw(std::vector<float>(D))}});
  const std::size_t second = two.rfind("PK\1\2");
  two.replace(second + 42, 4, little(0, 4));  // the second is where the first is
  EXPECT_THAT(refusal(two), HasSubstr("b_enc.npy is not where its directory says"));
  // A second entry within the bytes of the first.
  const std::string inner = zip({{"b.npy", "b"}});
  const std::size_t begin = inner.find("PK\1\2"), end = inner.find("PK\5\6");
  const std::string entry = inner.substr(begin, end - begin);
  std::string outer = zip({{"a", inner.substr(0, begin)}});
  const std::size_t place = outer.rfind("PK\5\6");
  outer.replace(place + 8, 8, little(2, 2) + little(2, 2) + little(47 + entry.size(), 4));
  outer.insert(place, std::string(entry).replace(42, 4, little(31, 4)));
  EXPECT_THAT(refusal(outer), HasSubstr("b.npy overlaps another entry"));
  // What nobody wants may be anything.
  EXPECT_EQ(read(zip({{"notes.txt", "hello"}, {"W_dec.npy", npy(W)}})).decoder, expected());
  Written steps{"step", "<i8", {}, std::string(8, '\1')};
  EXPECT_EQ(read(npz({W, steps})).decoder, expected());
  EXPECT_THAT(refusal(npz({W, {"b_enc", "<i8", {D}, std::string(8 * D, '\1')}})),
              HasSubstr("b_enc is of type '<i8': floats of 2, 4 and 8 bytes"));
}

TEST_F(DictionaryInputTest, RefusesWhatIsNoFile) {
  const auto message = [&](const std::filesystem::path& file) {
    return message_of<FileError>([&] { read_dictionary(file); });
  };
  EXPECT_THAT(message(folder_ / "gone"), HasSubstr("gone: no such file"));
  EXPECT_THAT(message(folder_.path()), HasSubstr("is a folder, not a file of weights"));
  EXPECT_THAT(message("/dev/zero"), HasSubstr("is not a regular file"));
  EXPECT_EQ(refusal(""), "is empty");
  EXPECT_THAT(refusal("hello"), HasSubstr("is neither an HDF5 nor a safetensors, npz or npy file"));
}

}  // namespace
}  // namespace skeleta::storage
