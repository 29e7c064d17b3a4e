#include "storage/first_rank.h"

#include <string>

#include "skeleta/core/exchange.h"
#include "skeleta/storage/file_error.h"

namespace skeleta::storage {

void read_by_first(const std::filesystem::path& file, FunctionRef<void()> read,
                   FunctionRef<void(Parcel&)> pass) {
  Ranks* const ranks = Ranks::current();
  if (ranks == nullptr) return read();
  bool refused = false;
  std::string sentence;
  ranks->told_by_first(
      [&] {
        try {
          read();
        } catch (const FileError& error) {
          refused = true;
          sentence = error.sentence();
        }
      },
      [&](Parcel& parcel) {
        parcel(refused, sentence);
        if (!refused) pass(parcel);
      });
  if (refused) throw FileError(file, sentence);
}

}  // namespace skeleta::storage
