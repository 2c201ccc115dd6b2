// A folder of its own for a test, and what most io tests need.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "io/output.h"

namespace weir {

class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-test-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, std::string_view bytes) const {
    const std::string full = path(name);
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    std::ofstream(full, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
    return full;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  size_t entries() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

// The bytes as one member or frame.
inline std::string compressed(Compression kind, std::string_view bytes, int level = -1,
                              int threads = 0) {
  const TestFolder folder;
  auto file = make_file_sink(folder.path("out"), {false, false, false});
  REQUIRE(file);
  auto sink = make_compressing_sink(std::move(*file), {kind, level, threads});
  REQUIRE(sink);
  REQUIRE((*sink)->write(bytes));
  REQUIRE((*sink)->commit());
  return folder.read("out");
}

inline constexpr Compression kCompressions[] = {Compression::kGzip, Compression::kBzip2,
                                                Compression::kXz, Compression::kZstd};

}  // namespace weir
