#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "state/checkpoint_file.h"
#include "state/checkpoint_store.h"
#include "state/hash.h"

namespace fs = std::filesystem;

namespace weir {

namespace {

CheckpointFile sample(uint64_t epoch) {
  CheckpointFile file;
  file.epoch = epoch;
  file.pipeline_id = 7;
  file.add("sources", "abc");
  file.add("empty", "");
  file.add("state", std::string(1000, 'x'));
  return file;
}

struct Folder {
  fs::path path;
  Folder() {
    char pattern[] = "/tmp/weir-checkpoint-XXXXXX";
    path = ::mkdtemp(pattern);
  }
  ~Folder() { fs::remove_all(path); }
  std::string state() const { return path / "a" / "state"; }
};

void overwrite(const fs::path& file, size_t at, char byte) {
  std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
  f.seekp(static_cast<std::streamoff>(at));
  f.put(byte);
}

}  // namespace

TEST_CASE("a checkpoint reads back as it was written") {
  const CheckpointFile written = sample(42);
  const auto read = decode_checkpoint(encode_checkpoint(written), "x");
  REQUIRE(read);
  CHECK(read->epoch == 42);
  CHECK(read->pipeline_id == 7);
  REQUIRE(read->sections.size() == written.sections.size());
  for (size_t i = 0; i < written.sections.size(); ++i) {
    CHECK(read->sections[i].name == written.sections[i].name);
    CHECK(read->sections[i].bytes == written.sections[i].bytes);
  }
  CHECK(read->find("sources") == "abc");
  CHECK(!read->find("none"));
}

TEST_CASE("a checkpoint of the first format is read") {
  std::string bytes = "WEIRCKPT";
  const auto put = [&]<class T>(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  put(uint32_t{1});
  put(uint32_t{1});
  put(uint64_t{42});
  put(uint64_t{7});
  put(uint32_t{1});
  put(uint32_t{4});
  bytes += "name";
  put(uint64_t{8 + 8 + 16 + 4 + 8 + 24});
  put(uint64_t{3});
  put(hash_bytes("abc"));
  bytes += "abc";
  const uint64_t length = bytes.size();
  const uint64_t sum = hash_bytes(bytes);
  put(length);
  put(sum);
  bytes += "WEIRCEND";
  const auto read = decode_checkpoint(bytes, "x");
  REQUIRE(read);
  CHECK(read->epoch == 42);
  CHECK(read->find("name") == "abc");
}

TEST_CASE("a checkpoint is saved by a child process") {
  const Folder folder;
  auto store = CheckpointStore::open(folder.state());
  REQUIRE(store);
  std::string state(100'000, 'a');
  const auto fill = [&](CheckpointWriter& writer) { writer.add("state", state); };
  REQUIRE((*store)->start_saving(1, 7, fill, {}));
  CHECK((*store)->is_saving());
  state.assign(state.size(), 'b');  // the child has its own
  REQUIRE((*store)->look_at_saving(true));
  CHECK(!(*store)->is_saving());
  const auto saved = (*store)->load();
  REQUIRE(saved);
  CHECK((*saved)->find("state") == std::string(100'000, 'a'));
  // What goes wrong there is told here.
  REQUIRE((*store)->start_saving(2, 7, fill, {-1}));
  const auto failed = (*store)->look_at_saving(true);
  REQUIRE(!failed);
  CHECK(failed.error().kind == ErrorKind::kIo);
}

TEST_CASE("every flipped byte and every cut of a checkpoint is noticed") {
  const std::string good = encode_checkpoint(sample(1));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    INFO(i);
    const auto read = decode_checkpoint(bad, "x");
    REQUIRE(!read);
    CHECK(read.error().kind == ErrorKind::kState);
    CHECK(!decode_checkpoint(good.substr(0, i), "x"));
  }
  CHECK(!decode_checkpoint(good + "x", "x"));
}

TEST_CASE("a store keeps the last three checkpoints and gives the newest") {
  const Folder folder;
  auto store = CheckpointStore::open(folder.state());
  REQUIRE(store);
  auto none = (*store)->load();
  REQUIRE(none);
  CHECK(!none->has_value());
  for (uint64_t epoch = 1; epoch <= 5; ++epoch) REQUIRE((*store)->save(sample(epoch)));
  const auto files = CheckpointStore::list(folder.state());
  REQUIRE(files);
  REQUIRE(files->size() == 3);
  CHECK((*files)[0].first == 3);
  const auto loaded = (*store)->load();
  REQUIRE(loaded);
  CHECK((*loaded)->epoch == 5);
  REQUIRE((*store)->clear());
  CHECK(!(*store)->load()->has_value());
}

TEST_CASE("a damaged checkpoint is put aside for the one before") {
  const Folder folder;
  auto store = CheckpointStore::open(folder.state());
  REQUIRE(store);
  REQUIRE((*store)->save(sample(1)));
  REQUIRE((*store)->save(sample(2)));
  overwrite(fs::path(folder.state()) / "ckpt-0000000000000002", 60, '!');
  const auto loaded = (*store)->load();
  REQUIRE(loaded);
  CHECK((*loaded)->epoch == 1);
  CHECK((*store)->warnings().size() == 1);
  CHECK(fs::exists(fs::path(folder.state()) / "damaged-ckpt-0000000000000002"));
  overwrite(fs::path(folder.state()) / "ckpt-0000000000000001", 60, '!');
  const auto lost = (*store)->load();
  REQUIRE(!lost);
  CHECK(lost.error().kind == ErrorKind::kState);
}

TEST_CASE("one run at a time holds a store, and half-written files go") {
  const Folder folder;
  auto store = CheckpointStore::open(folder.state());
  REQUIRE(store);
  const auto second = CheckpointStore::open(folder.state());
  REQUIRE(!second);
  CHECK(second.error().kind == ErrorKind::kBusy);
  CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
  std::ofstream(fs::path(folder.state()) / "tmp.1") << "half";
  store->reset();
  REQUIRE(CheckpointStore::open(folder.state()));
  CHECK(!fs::exists(fs::path(folder.state()) / "tmp.1"));
}

}  // namespace weir
