// Limit: count and sum by key for keys that hardly repeat, every key written out; rows are key,value, a key is 'u' and
// 8 digits. Rows are first spread over partitions by a hash of the key, 8 bytes a row; then each partition is
// counted in a table that fits the second-level cache.
#include <array>

#include "chunks.h"

namespace {

constexpr size_t kPartitionBits = 8;
constexpr size_t kPartitions = size_t{1} << kPartitionBits;
constexpr size_t kRowsOfBlock = 1 << 13;

// key << 32 | value
using Row = uint64_t;

uint32_t hash_of(uint32_t key) { return key * 0x9e3779b1u; }

struct Block {
  std::unique_ptr<Row[]> rows = std::make_unique_for_overwrite<Row[]>(kRowsOfBlock);
};

// Rows of one partition, written by one thread. A cache line is filled before it goes to memory.
struct Partition {
  alignas(64) std::array<Row, 8> line;
  size_t in_line = 0;
  size_t used = kRowsOfBlock;  // of the last block
  std::vector<Block> blocks;

  void add(Row row) {
    line[in_line++] = row;
    if (in_line == line.size()) flush();
  }
  void flush() {
    if (used == kRowsOfBlock) {
      blocks.emplace_back();
      used = 0;
    }
    memcpy(blocks.back().rows.get() + used, line.data(), sizeof(line));
    used += line.size();
    in_line = 0;
  }
};

struct Entry {
  uint32_t key_plus_one = 0;
  uint32_t count = 0;
  uint64_t sum = 0;
};

class Table {
 public:
  void clear(size_t rows) {
    size_t size = 1024;
    bits_ = 10;
    while (size < rows / 3) {  // keys are expected to come a few times each
      size *= 2;
      ++bits_;
    }
    used_ = 0;
    entries_.assign(size, Entry{});
  }
  void add(Row row) {
    const auto key = static_cast<uint32_t>(row >> 32);
    Entry& e = at(key);
    ++e.count;
    e.sum += row & 0xffffffff;
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  Entry& at(uint32_t key) {
    const size_t mask = entries_.size() - 1;
    // The top bits chose the partition.
    for (size_t i = (hash_of(key) << kPartitionBits) >> (32 - bits_);; i = (i + 1) & mask) {
      Entry& e = entries_[i];
      if (e.key_plus_one == key + 1) return e;
      if (e.key_plus_one == 0) {
        if (++used_ > entries_.size() * 3 / 4) {
          grow();
          return at(key);
        }
        e.key_plus_one = key + 1;
        return e;
      }
    }
  }
  void grow() {
    std::vector<Entry> old(entries_.size() * 2);
    old.swap(entries_);
    ++bits_;
    used_ = 0;
    for (const Entry& e : old) {
      if (e.key_plus_one != 0) at(e.key_plus_one - 1) = e;
    }
  }

  uint32_t bits_ = 10;
  size_t used_ = 0;
  std::vector<Entry> entries_;
};

uint32_t eight_digits(const char* p) {
  uint64_t x;
  memcpy(&x, p, 8);
  x = (x & 0x0f0f0f0f0f0f0f0f) * 2561 >> 8;
  x = (x & 0x00ff00ff00ff00ff) * 6553601 >> 16;
  return static_cast<uint32_t>((x & 0x0000ffff0000ffff) * 42949672960001 >> 32);
}

void put(std::string& out, uint64_t v) {
  char digits[20];
  char* p = digits + 20;
  do {
    *--p = static_cast<char>('0' + v % 10);
    v /= 10;
  } while (v != 0);
  out.append(p, static_cast<size_t>(digits + 20 - p));
}

void put_key(std::string& out, uint32_t key) {
  char text[10] = "u00000000";
  for (int i = 8; i > 0; --i) {
    text[i] = static_cast<char>('0' + key % 10);
    key /= 10;
  }
  out.append(text, 9);
}

}  // namespace

int main(int, char** argv) {
  const Input in(argv[1]);
  std::vector<std::vector<Partition>> partitions(kThreads);
  for (auto& p : partitions) p.resize(kPartitions);
  for_each_chunk(in, [&](int thread, char* b, char* e) {
    Partition* mine = partitions[static_cast<size_t>(thread)].data();
    while (b < e) {
      const uint32_t key = eight_digits(b + 1);
      uint32_t value = 0;
      for (b += 10; *b != '\n'; ++b) value = value * 10 + static_cast<uint32_t>(*b - '0');
      ++b;
      mine[hash_of(key) >> (32 - kPartitionBits)].add(Row{key} << 32 | value);
    }
  });
  OrderedOutput output;
  std::atomic<size_t> next{0};
  const auto loop = [&] {
    Table table;
    for (size_t p; (p = next.fetch_add(1)) < kPartitions;) {
      size_t rows = 0;
      for (auto& thread : partitions) rows += thread[p].blocks.size() * kRowsOfBlock;
      table.clear(rows);
      for (auto& thread : partitions) {
        Partition& part = thread[p];
        for (size_t i = 0; i < part.blocks.size(); ++i) {
          const size_t n = i + 1 < part.blocks.size() ? kRowsOfBlock : part.used;
          for (size_t r = 0; r < n; ++r) table.add(part.blocks[i].rows[r]);
        }
        for (size_t r = 0; r < part.in_line; ++r) table.add(part.line[r]);
        part.blocks.clear();
      }
      std::string out;
      for (const Entry& e : table.entries()) {
        if (e.key_plus_one == 0) continue;
        put_key(out, e.key_plus_one - 1);
        out += ',';
        put(out, e.count);
        out += ',';
        put(out, e.sum);
        out += '\n';
      }
      output.put(p, std::move(out));
    }
  };
  std::thread other(loop);
  loop();
  other.join();
}
