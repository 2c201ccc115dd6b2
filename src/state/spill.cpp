#include "state/spill.h"

#include <rocksdb/c.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "base/lazy_library.h"

namespace weir {

namespace {

constexpr size_t kWrittenTogether = size_t{1} << 20;  // bytes of a batch
constexpr size_t kWriteBuffer = size_t{8} << 20;
constexpr size_t kBlockCache = size_t{8} << 20;
constexpr size_t kBlock = size_t{16} << 10;  // an open file keeps one key a block in memory

[[noreturn]] void give_up(ErrorKind kind, std::string message, std::string hint = {}) {
  throw SpillError({kind, std::move(message), {}, std::move(hint), {}});
}

const LazyLibrary& librocksdb() {
  static const LazyLibrary library("librocksdb.so.7.8");
  return library;
}

#define WEIR_ROCKSDB(function) WEIR_LAZY(librocksdb, rocksdb_##function)

// Throws what RocksDB says went wrong, if anything.
void check(char* problem, const std::string& folder) {
  if (problem == nullptr) return;
  const std::string text = problem;
  WEIR_ROCKSDB(free)(problem);
  const bool full = text.find("No space left") != std::string::npos;
  give_up(full ? ErrorKind::kDiskFull : ErrorKind::kIo,
          "cannot keep state on the disk in " + folder + ": " + text);
}

}  // namespace

struct SpillStore::Impl {
  std::string folder;
  rocksdb_t* database = nullptr;
  rocksdb_options_t* options = WEIR_ROCKSDB(options_create)();
  rocksdb_writeoptions_t* write_options = WEIR_ROCKSDB(writeoptions_create)();
  rocksdb_readoptions_t* read_options = WEIR_ROCKSDB(readoptions_create)();
  rocksdb_writebatch_t* batch = WEIR_ROCKSDB(writebatch_create)();
  size_t batched = 0;

  ~Impl() {
    if (database != nullptr) WEIR_ROCKSDB(close)(database);
    WEIR_ROCKSDB(writebatch_destroy)(batch);
    WEIR_ROCKSDB(readoptions_destroy)(read_options);
    WEIR_ROCKSDB(writeoptions_destroy)(write_options);
    WEIR_ROCKSDB(options_destroy)(options);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
};

namespace {

// The library keeps lists that belong to the whole process, and workers may open stores at once.
std::mutex& opening() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

SpillStore::SpillStore(std::string folder) {
  const std::lock_guard lock(opening());
  if (auto r = librocksdb().is_there("librocksdb7.8"); !r)
    give_up(ErrorKind::kIo, "state does not fit into memory: " + r.error().message,
            r.error().hint + ", or raise runtime.memory_limit");
  impl_ = std::make_unique<Impl>();
  impl_->folder = std::move(folder);
  WEIR_ROCKSDB(options_set_create_if_missing)(impl_->options, 1);
  WEIR_ROCKSDB(options_set_write_buffer_size)(impl_->options, kWriteBuffer);
  WEIR_ROCKSDB(options_set_compression)(impl_->options, rocksdb_lz4_compression);
  WEIR_ROCKSDB(options_set_info_log_level)(impl_->options, 4);
  WEIR_ROCKSDB(options_set_max_open_files)(impl_->options, 256);
  rocksdb_block_based_table_options_t* const table = WEIR_ROCKSDB(block_based_options_create)();
  rocksdb_cache_t* const cache = WEIR_ROCKSDB(cache_create_lru)(kBlockCache);
  WEIR_ROCKSDB(block_based_options_set_block_cache)(table, cache);
  WEIR_ROCKSDB(block_based_options_set_block_size)(table, kBlock);
  WEIR_ROCKSDB(block_based_options_set_filter_policy)(table,
                                                      WEIR_ROCKSDB(filterpolicy_create_bloom)(10));
  WEIR_ROCKSDB(options_set_block_based_table_factory)(impl_->options, table);
  WEIR_ROCKSDB(cache_destroy)(cache);
  WEIR_ROCKSDB(block_based_options_destroy)(table);
  WEIR_ROCKSDB(writeoptions_disable_WAL)(impl_->write_options, 1);
  char* problem = nullptr;
  impl_->database = WEIR_ROCKSDB(open)(impl_->options, impl_->folder.c_str(), &problem);
  check(problem, impl_->folder);
}

SpillStore::~SpillStore() {
  const std::lock_guard lock(opening());
  impl_.reset();
}

void SpillStore::put(std::string_view key, std::string_view value) {
  WEIR_ROCKSDB(writebatch_put)(impl_->batch, key.data(), key.size(), value.data(), value.size());
  impl_->batched += key.size() + value.size();
  if (impl_->batched >= kWrittenTogether) flush();
}

void SpillStore::erase(std::string_view key) {
  WEIR_ROCKSDB(writebatch_delete)(impl_->batch, key.data(), key.size());
  impl_->batched += key.size() + 1;
  if (impl_->batched >= kWrittenTogether) flush();
}

void SpillStore::flush() {
  if (impl_->batched == 0) return;
  char* problem = nullptr;
  WEIR_ROCKSDB(write)(impl_->database, impl_->write_options, impl_->batch, &problem);
  WEIR_ROCKSDB(writebatch_clear)(impl_->batch);
  impl_->batched = 0;
  check(problem, impl_->folder);
}

std::vector<std::optional<std::string>> SpillStore::get(std::span<const std::string> keys) {
  flush();
  const size_t n = keys.size();
  std::vector<const char*> texts(n);
  std::vector<size_t> sizes(n);
  std::vector<char*> values(n, nullptr);
  std::vector<size_t> value_sizes(n, 0);
  std::vector<char*> problems(n, nullptr);
  for (size_t i = 0; i < n; ++i) {
    texts[i] = keys[i].data();
    sizes[i] = keys[i].size();
  }
  WEIR_ROCKSDB(multi_get)(impl_->database, impl_->read_options, n, texts.data(), sizes.data(),
                          values.data(), value_sizes.data(), problems.data());
  std::vector<std::optional<std::string>> found(n);
  for (size_t i = 0; i < n; ++i) {
    check(problems[i], impl_->folder);
    if (values[i] == nullptr) continue;
    found[i].emplace(values[i], value_sizes[i]);
    WEIR_ROCKSDB(free)(values[i]);
  }
  return found;
}

// --- in order ---

namespace {

rocksdb_iterator_t* iterator_of(void* iterator) {
  return static_cast<rocksdb_iterator_t*>(iterator);
}

}  // namespace

SpillStore::Cursor::Cursor(SpillStore& store, std::string_view from) : iterator_(nullptr) {
  store.flush();
  iterator_ = WEIR_ROCKSDB(create_iterator)(store.impl_->database, store.impl_->read_options);
  WEIR_ROCKSDB(iter_seek)(iterator_of(iterator_), from.data(), from.size());
}
SpillStore::Cursor::~Cursor() { WEIR_ROCKSDB(iter_destroy)(iterator_of(iterator_)); }

bool SpillStore::Cursor::valid() const {
  if (WEIR_ROCKSDB(iter_valid)(iterator_of(iterator_)) != 0) return true;
  char* problem = nullptr;
  WEIR_ROCKSDB(iter_get_error)(iterator_of(iterator_), &problem);
  check(problem, "the spill folder");
  return false;
}
std::string_view SpillStore::Cursor::key() const {
  size_t n = 0;
  const char* const p = WEIR_ROCKSDB(iter_key)(iterator_of(iterator_), &n);
  return {p, n};
}
std::string_view SpillStore::Cursor::value() const {
  size_t n = 0;
  const char* const p = WEIR_ROCKSDB(iter_value)(iterator_of(iterator_), &n);
  return {p, n};
}
void SpillStore::Cursor::seek(std::string_view from) {
  WEIR_ROCKSDB(iter_seek)(iterator_of(iterator_), from.data(), from.size());
}
void SpillStore::Cursor::next() { WEIR_ROCKSDB(iter_next)(iterator_of(iterator_)); }

// --- the space ---

std::string SpillSpace::make_path() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (folder_.empty()) {
    std::string pattern = parent_ + "/spill-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
      throw SpillError(io_error("cannot make a folder for state in " + parent_, errno));
    folder_ = pattern;
  }
  return folder_ + "/" + std::to_string(paths_++);
}

std::unique_ptr<SpillStore> SpillSpace::make_store() {
  return std::make_unique<SpillStore>(make_path());
}

SpillSpace::~SpillSpace() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

}  // namespace weir
