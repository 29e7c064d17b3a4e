#include "skeleta/storage/model_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <iterator>

#include "skeleta/storage/file_error.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using testing::HasSubstr;

const std::filesystem::path trained = SKELETA_SOURCE_DIR "/data/trained";

Matrix example_weights() {
  return Matrix{{0.5, -1.0, 2.0}, {3.0, 4.0, -5.5}};
}

Vector example_thresholds() {
  return Vector{{0.25, 0.0, -0.5}};
}

TEST(ModelFile, ReadsEveryNumericTypeAndBothSignsOfTheBias) {
  const TemporaryFolder folder;
  run_python("make_models.py", folder.path().string());
  for (const char* name :
       {"plain", "bias", "float32", "float16", "big_endian", "run", "foreign_filetype"}) {
    SCOPED_TRACE(name);
    const ModelFile file = read_models(folder / (std::string(name) + ".h5"));
    ASSERT_EQ(file.models.size(), 1u);
    EXPECT_EQ(file.models[0].W, example_weights());
    EXPECT_EQ(file.models[0].b, example_thresholds());
    EXPECT_EQ(file.from_run_file, std::string(name) == "run");
    EXPECT_EQ(file.density.size(), std::string(name) == "run" ? 1u : 0u);
    EXPECT_TRUE(file.importance.empty());
  }
  const ModelFile integers = read_models(folder / "integers.h5");
  EXPECT_EQ(integers.models[0].W, (Matrix{{1.0, 2.0, 3.0}}));
  EXPECT_EQ(integers.models[0].b, (Vector{{0.0, 1.0, 2.0}}));
}

TEST(ModelFile, SplitsInstances) {
  const TemporaryFolder folder;
  run_python("make_models.py", folder.path().string());
  for (const char* name : {"instances.h5", "compressed.h5"}) {
    SCOPED_TRACE(name);
    const ModelFile file = read_models(folder / name);
    ASSERT_EQ(file.models.size(), 2u);
    EXPECT_EQ(file.models[0].W, example_weights());
    EXPECT_EQ(file.models[1].W, Matrix(example_weights().array() + 10.0));
    EXPECT_EQ(file.models[1].b, Vector(example_thresholds().array() + 10.0));
  }
  const ModelFile file = read_models(folder / "instances.h5");
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(file.density.at(k), (Vector{{0.0, 0.5, 1.0}}));
    EXPECT_EQ(file.importance.at(k), (Vector{{0.0, 1.0, 2.0}}));
  }
}

TEST(ModelFile, TakesDensitiesOfAllOrOfEachInstance) {
  const TemporaryFolder folder;
  run_python("make_models.py", folder.path().string());
  const ModelFile one = read_models(folder / "density_scalar.h5");
  EXPECT_EQ(one.density.at(0), Vector::Constant(3, 0.1));
  const ModelFile each = read_models(folder / "density_each.h5");
  ASSERT_EQ(each.density.size(), 2u);
  EXPECT_EQ(each.density[0], (Vector{{0.1, 0.2, 0.3}}));
  EXPECT_EQ(each.density[1], (Vector{{0.4, 0.5, 0.6}}));
  EXPECT_EQ(each.importance.at(1), Vector::Constant(3, 2.0));
  EXPECT_EQ(read_models(folder / "density_row.h5").density.at(0), (Vector{{0.1, 0.2, 0.3}}));
}

TEST(ModelFile, ReadsUntiedWeightsEitherWay) {
  const TemporaryFolder folder;
  run_python("make_models.py", folder.path().string());
  for (const char* name : {"untied", "untied_by_W", "untied_transposed"}) {
    SCOPED_TRACE(name);
    const ModelFile file = read_models(folder / (std::string(name) + ".h5"));
    ASSERT_EQ(file.models.size(), 1u);
    EXPECT_EQ(file.models[0].W, example_weights());
    EXPECT_EQ(file.models[0].W_out, Matrix(example_weights().transpose().array() + 1.0));
    EXPECT_EQ(file.models[0].b, example_thresholds());
    EXPECT_EQ(file.notes.size(), std::string(name) == "untied_transposed" ? 2u : 0u);
  }
  const ModelFile file = read_models(folder / "untied_instances.h5");
  ASSERT_EQ(file.models.size(), 2u);
  EXPECT_EQ(file.models[1].W, Matrix(example_weights().array() + 10.0));
  EXPECT_EQ(file.models[1].W_out, Matrix(example_weights().transpose().array() + 11.0));
}

TEST(ModelFile, ReadsActivationAndNoise) {
  const TemporaryFolder folder;
  run_python("make_models.py", folder.path().string());
  const Autoencoder model = read_models(folder / "jumprelu.h5").models.at(0);
  EXPECT_EQ(model.activation, Activation::jumprelu);
  EXPECT_EQ(model.jump, (Vector{{0.1, 0.2, 0.3}}));
  EXPECT_EQ(model.noise, 0.5);
}

TEST(ModelFile, ReadsTheLawOfTheData) {
  const TemporaryFolder folder;
  run_python("make_models.py", folder.path().string());
  const Features features = read_models(folder / "law.h5").features(0);
  ASSERT_FALSE(features.plain());
  EXPECT_EQ(features.density, (Vector{{0.375, 0.125, 0.125}}));
  EXPECT_EQ(features.importance, Vector::Constant(3, 2.0));
  EXPECT_EQ(features.law->values, (std::vector{ValueLaw::uniform(-1, 1), ValueLaw::half_normal(2),
                                               ValueLaw::normal(0.5, 0.25)}));
  const auto& nodes = features.law->activity.nodes();
  ASSERT_EQ(nodes.size(), 4u);
  EXPECT_EQ(nodes[0].kind, ActivityKind::exclusive);
  EXPECT_EQ(nodes[2], (ActivityNode{ActivityKind::feature, 0, 0, 0.75}));
  EXPECT_EQ(read_models(folder / "law_densities.h5").features(0).density, features.density);
}

TEST(ModelFile, AcceptsWideModelsOnlyIfAsked) {
  const TemporaryFolder folder;
  run_python("make_models.py", folder.path().string());
  const auto file = folder / "wide.h5";
  EXPECT_EQ(message_of<FileError>([&] { read_models(file); }),
            file.string() +
                ": /W has shape [3, 2], 3 hidden dimensions for 2 features: is it transposed? It "
                "must be [hidden, feature]; pass --allow-wide if that is meant");
  const ModelFile wide = read_models(file, {.allow_wide = true});
  EXPECT_EQ(wide.models[0].W, Matrix(example_weights().transpose()));
}

TEST(ModelFile, ReadsTrainedModels) {
  const std::pair<const char*, std::pair<Index, Index>> expected[] = {
      {"n5_m2_S0.75.h5", {2, 5}},       {"n5_m2_S0.95.h5", {2, 5}},
      {"n20_m5_S0.95.h5", {5, 20}},     {"n80_m20_S0.98.h5", {20, 80}},
      {"n200_m20_S0.95.h5", {20, 200}}, {"n400_m30_S0.99.h5", {30, 400}}};
  for (const auto& [name, size] : expected) {
    SCOPED_TRACE(name);
    const ModelFile file = read_models(trained / name);
    for (const Autoencoder& model : file.models) {
      EXPECT_EQ(std::pair(model.hidden(), model.features()), size);
      EXPECT_NO_THROW(validate(model));
    }
    ASSERT_EQ(file.density.size(), file.models.size());
    ASSERT_EQ(file.importance.size(), file.models.size());
    EXPECT_EQ(file.density.back().size(), size.second);
  }
}

// Three numbers as h5dump shows them; the file stores a bias that is added.
TEST(ModelFile, ReadsTrainedModelsTheRightWayRound) {
  const ModelFile file = read_models(trained / "n5_m2_S0.95.h5");
  ASSERT_EQ(file.models.size(), 8u);
  EXPECT_EQ(file.models[3].W(1, 2), 0.6998302936553955);
  EXPECT_EQ(file.models[3].W(0, 4), 1.1342079639434814);
  EXPECT_EQ(file.models[3].b(4), 0.24397903680801392);
}

// Every sentence is written out as far as it tells what is wrong where.
TEST(ModelFile, NamesWhatIsWrongAndWhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"missing", "no such file"},
      {"text", "is not an HDF5 file"},
      {"nothing", "is not an HDF5 file"},
      {"truncated", "cannot be opened, it may be truncated or damaged: truncated file"},
      {"truncated_early", "cannot be opened, it may be truncated or damaged: truncated file"},
      {"checksum", "cannot read /W: "},
      {"no_weights",
       "has no dataset /W, and no /model/W as run files have (it holds: b, weight): store W"},
      {"both", "has both of /b (subtracted before the ReLU) and /bias (added): store exactly one"},
      {"neither",
       "has neither of /b (subtracted before the ReLU) and /bias (added): store exactly one"},
      {"b_too_short", "/b has shape [2], but /W has shape [2, 3]: /b must have shape [3]"},
      {"b_without_instances",
       "/b has shape [3], but /W has shape [2, 2, 3]: /b must have shape [2, 3]"},
      {"b_column", "/b has shape [3, 1], but /W has shape [2, 3]: /b must have shape [3]"},
      {"untied_shapes",
       "/W_in has shape [2, 3] and /W_out has shape [2, 2], but there are 3 thresholds"},
      {"untied_hidden", "/W_in has shape [2, 3] and /W_out has shape [3, 3], but there are 3"},
      {"untied_instance", "/W_in has shape [2, 3] and /W_out has shape [2, 3, 2], but there are 3"},
      {"no_decoder", "/W_in has shape [3, 2], 3 hidden dimensions for 2 features"},
      {"activation_3", "/activation holds 3: it must be a whole number from 0 to 2"},
      {"activation_half", "/activation holds 0.5"},
      {"jump_missing", "holds no model: jumprelu needs jump"},
      {"jump_negative", "/jump[1] is -0.2: every entry must be finite and not negative"},
      {"noise_negative", "holds no model: the hidden noise -1 must be finite and not negative"},
      {"value_law_5", "/value_law holds 5: it must be a whole number from 0 to 4"},
      {"value_law_alone", "has /value_law, but no /value_first"},
      {"scale_negative", "has no law for the values of feature 0: half-normal:-1"},
      {"group_above_one", "has groups of features that cannot be: "},
      {"feature_twice", "has groups of features that cannot be: "},
      {"no_parent", "has groups of features that cannot be: "},
      {"group_with_feature",
       "has groups of features that cannot be: node 0 is a group, but /node_feature has feature 2"},
      {"groups_of_two", "/node_feature holds 2: it must be a whole number from -1 to 1"},
      {"law_other_densities", "has density 0.375 for feature 1, but 0.125 in its groups"},
      {"rank_1", "/W has shape [3]: it must be [hidden, feature] or"},
      {"rank_4", "/W has shape [1, 1, 2, 3]: it must be [hidden, feature] or"},
      {"scalar", "/W has shape []: it must be [hidden, feature] or"},
      {"empty_axis", "/W has shape [0, 2, 3]: no axis may be empty"},
      {"empty_features", "/W has shape [2, 0]: no axis may be empty"},
      {"null", "/W is empty"},
      {"nan_in_W", "/W[1, 0, 2] is nan: every entry must be a finite number"},
      {"inf_in_b", "/b[1] is inf: every entry must be a finite number"},
      {"inf_in_bias", "/bias[2] is -inf: every entry must be a finite number"},
      {"density_above_one", "/density[2] is 1.5: every entry must lie in [0, 1]"},
      {"density_nan", "/density[0] is nan: every entry must lie in [0, 1]"},
      {"density_shape",
       "/density has shape [2], but /W has shape [2, 3]: /density must have shape [3] or [1, 3], "
       "or be one number"},
      {"density_instances", "/density has shape [2, 3], but /W has shape [2, 3]"},
      {"importance_negative", "/importance[1] is -2: every entry must be finite and not negative"},
      {"importance_inf", "/importance[0] is inf: every entry must be finite and not negative"},
      {"strings", "/W holds strings where numbers are needed"},
      {"complex", "/W holds compounds (or complex numbers) where numbers are needed"},
      {"booleans", "/W holds an enumeration (or booleans) where numbers are needed"},
      {"group", "/W is a group where a dataset is needed"},
      {"dangling", "/W is a link to /nowhere, which is not there"},
      {"version_2", "is a 'skeleta model' file of version 2.1, but this program reads version 1"},
      {"run_density", "/data/density[2] is -0.5: every entry must lie in [0, 1]"},
      {"absurd", "/W has shape [10000000, 100000000]: that needs 1.6e+07 GB of memory"},
      {"overflowing", "/W has shape [1099511627776, 1099511627776]: that needs"},
  };
  const TemporaryFolder folder;
  run_python("make_models.py", folder.path().string());
  for (const auto& [name, sentence] : cases) {
    SCOPED_TRACE(name);
    const auto file = folder / (std::string(name) + ".h5");
    const auto read = [&, name = name] {
      read_models(file, {.allow_wide = std::string(name) == "absurd"});
    };
    const std::string message = message_of<FileError>(read);
    EXPECT_THAT(message, testing::StartsWith(file.string() + ": " + sentence));
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST(ModelFile, RefusesWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<FileError>([&] { read_models(folder.path()); }),
              HasSubstr("is a folder, not an HDF5 file"));
  const auto pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(message_of<FileError>([&] { read_models(pipe); }),
              HasSubstr("is not a regular file"));
}

TEST(ModelFile, NamesTheSwitchIfTheFileIsLocked) {
  const TemporaryFolder folder;
  std::filesystem::copy_file(trained / "n5_m2_S0.95.h5", folder / "locked.h5");
  const int descriptor = ::open((folder / "locked.h5").c_str(), O_RDONLY);
  ASSERT_EQ(::flock(descriptor, LOCK_EX), 0);
  EXPECT_THAT(message_of<FileError>([&] { read_models(folder / "locked.h5"); }),
              testing::AllOf(HasSubstr("cannot be opened: unable to lock file"),
                             HasSubstr("set HDF5_USE_FILE_LOCKING=FALSE")));
  ::close(descriptor);
}

// HDF5 closes a file only when the last of its objects is closed.
TEST(ModelFile, LeavesNoFileOpen) {
  const auto count_open = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const TemporaryFolder folder;
  run_python("make_models.py", folder.path().string());
  read_models(trained / "n5_m2_S0.95.h5");
  const auto before = count_open();
  read_models(trained / "n5_m2_S0.95.h5");
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    try {
      read_models(file.path());
    } catch (const FileError&) {
    }
  }
  EXPECT_EQ(count_open(), before);
}

}  // namespace
}  // namespace skeleta::storage
