// Runs a fuzz target over files and folders: the kept corpus, as a test.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "fuzz.h"

int main(int argc, char** argv) {
  size_t runs = 0;
  const auto run = [&](const std::string& bytes) {
    // Every input, and every cut of short ones.
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    ++runs;
    for (size_t n = 0; n < bytes.size() && bytes.size() <= 400; ++n, ++runs)
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), n);
  };
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      run(text.str());
    }
  }
  std::printf("%zu inputs\n", runs);
  return runs > 0 ? 0 : 1;
}
