#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "state/checkpoint_file.h"
#include "state/checkpoint_store.h"

namespace fs = std::filesystem;

namespace weir {

namespace {

CheckpointFile sample(uint64_t epoch) {
  return {epoch, 7, {{"sources", "abc"}, {"empty", ""}, {"state", std::string(1000, 'x')}}};
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
  CHECK(read->sections == written.sections);
  REQUIRE(read->find("sources") != nullptr);
  CHECK(*read->find("sources") == "abc");
  CHECK(read->find("none") == nullptr);
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
