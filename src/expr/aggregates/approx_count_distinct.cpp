// The number of distinct values within about 1.6 %, in at most 4 KiB: HyperLogLog with 2^12 registers.
//
// A register keeps the longest run of leading zeros among the hashes that fall on it, so merging is a
// maximum and no order can be seen. Few values are kept as a sorted list of registers that are set.
// Source: Flajolet et al. 2007; the estimator without bias correction is Ertl's, arXiv 1702.01284.

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include <xxhash.h>

#include "base/vec.h"
#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/row_codec.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

namespace {

constexpr uint32_t kIndexBits = 12;
constexpr size_t kRegisters = size_t{1} << kIndexBits;
constexpr uint32_t kHashBits = 64 - kIndexBits;
constexpr size_t kSparseLimit = 256;  // entries of 4 bytes, a quarter of the dense form
constexpr uint64_t kSeed = 0;         // fixed: results must not change between runs

struct Registers {
  Vec<uint32_t> sparse;  // index << 8 | rank, sorted
  Vec<uint8_t> dense;    // kRegisters of them, or none

  void add(uint32_t index, uint8_t rank) {
    if (!dense.empty()) {
      dense[index] = std::max(dense[index], rank);
      return;
    }
    uint32_t* at = std::lower_bound(sparse.begin(), sparse.end(), index << 8);
    if (at != sparse.end() && *at >> 8 == index) {
      *at = std::max(*at, index << 8 | rank);
      return;
    }
    if (sparse.size() < kSparseLimit) {
      const auto place = static_cast<size_t>(at - sparse.begin());
      sparse.push_back(0);
      std::memmove(sparse.data() + place + 1, sparse.data() + place,
                   (sparse.size() - 1 - place) * sizeof(uint32_t));
      sparse[place] = index << 8 | rank;
      return;
    }
    dense.assign(kRegisters, 0);
    for (const uint32_t entry : sparse) dense[entry >> 8] = static_cast<uint8_t>(entry & 0xff);
    sparse = Vec<uint32_t>();
    add(index, rank);
  }
  void add_hash(uint64_t hash) {
    const auto index = static_cast<uint32_t>(hash >> kHashBits);
    const uint64_t rest = hash << kIndexBits;
    const auto zeros = rest == 0 ? kHashBits : static_cast<uint32_t>(__builtin_clzll(rest));
    add(index, static_cast<uint8_t>(zeros + 1));
  }
  void add(const Registers& o) {
    for (const uint32_t entry : o.sparse) add(entry >> 8, static_cast<uint8_t>(entry & 0xff));
    for (size_t k = 0; k < o.dense.size(); ++k) {
      if (o.dense[k] != 0) add(static_cast<uint32_t>(k), o.dense[k]);
    }
  }
  int64_t estimate() const {
    std::array<double, kHashBits + 2> counts{};  // registers by rank
    counts[0] = static_cast<double>(kRegisters - sparse.size());
    for (const uint32_t entry : sparse) ++counts[entry & 0xff];
    if (!dense.empty()) counts[0] = 0;
    for (const uint8_t rank : dense) ++counts[rank];

    constexpr auto m = static_cast<double>(kRegisters);
    double z = m * tau(1 - counts[kHashBits + 1] / m);
    for (size_t k = kHashBits; k >= 1; --k) z = 0.5 * (z + counts[k]);
    z += m * sigma(counts[0] / m);
    return std::llround(m * m / (2 * std::log(2.0) * z));
  }

 private:
  static double sigma(double x) {
    if (x == 1) return INFINITY;
    double y = 1;
    double z = x;
    for (double before = -1; z != before;) {
      x *= x;
      before = z;
      z += x * y;
      y += y;
    }
    return z;
  }
  static double tau(double x) {
    if (x == 0 || x == 1) return 0;
    double y = 1;
    double z = 1 - x;
    for (double before = -1; z != before;) {
      x = std::sqrt(x);
      before = z;
      y *= 0.5;
      z -= (1 - x) * (1 - x) * y;
    }
    return z / 3;
  }
};

struct RegistersState {
  Registers* registers = nullptr;
};

class ApproxCountDistinct final : public TypedAggregate<ApproxCountDistinct, RegistersState> {
 public:
  static constexpr bool kOwnsMemory = true;
  ApproxCountDistinct() : TypedAggregate(Type::bigint()) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    const Column& column = *args[0];
    const auto add = [&](size_t i, std::string_view bytes) {
      registers_of(as_state(slots.at(groups == nullptr ? 0 : groups[i])))
          .add_hash(XXH64(bytes.data(), bytes.size(), kSeed));
    };
    if (column.type().is_string_like()) {
      for (size_t i = 0; i < n; ++i) {
        if (!column.is_null(i)) add(i, column.at<StringRef>(i).view());
      }
      return;
    }
    std::string encoded;
    for (size_t i = 0; i < n; ++i) {
      if (column.is_null(i)) continue;
      encoded.clear();
      encode_value(column, i, encoded);
      add(i, encoded);
    }
  }
  void combine(RegistersState& into, RegistersState& from) const {
    if (from.registers == nullptr) return;
    if (into.registers == nullptr) {
      std::swap(into.registers, from.registers);
    } else {
      into.registers->add(*from.registers);
    }
  }
  void combine_copy(RegistersState& into, const RegistersState& from) const {
    if (from.registers != nullptr) registers_of(into).add(*from.registers);
  }
  void release(RegistersState& s) const {
    std::unique_ptr<Registers>(s.registers).reset();
    s.registers = nullptr;
  }
  void finish_state(const RegistersState& s, Column& out, Arena&, EvalContext&) const {
    out.push<int64_t>(s.registers == nullptr ? 0 : s.registers->estimate());
  }
  void save(const RegistersState& s, SnapshotWriter& w) const {
    const Registers none;
    const Registers& registers = s.registers != nullptr ? *s.registers : none;
    save_bytes(w, registers.sparse.data(), registers.sparse.size() * sizeof(uint32_t));
    save_bytes(w, registers.dense.data(), registers.dense.size());
  }
  void load(RegistersState& s, SnapshotReader& r) const {
    const std::string_view sparse = r.get_text();
    const std::string_view dense = r.get_text();
    for (size_t k = 0; k + 4 <= sparse.size(); k += 4) {
      uint32_t entry = 0;
      std::memcpy(&entry, sparse.data() + k, sizeof(entry));
      if (entry >> 8 < kRegisters) add_rank(s, entry >> 8, static_cast<uint8_t>(entry & 0xff));
    }
    for (size_t k = 0; k < dense.size() && k < kRegisters; ++k)
      add_rank(s, static_cast<uint32_t>(k), static_cast<uint8_t>(dense[k]));
  }
  size_t heap_bytes(const char* state) const override {
    const Registers* r = as_state(state).registers;
    return r == nullptr ? 0 : sizeof(Registers) + r->sparse.capacity() * 4 + r->dense.capacity();
  }

 private:
  static Registers& registers_of(RegistersState& s) {
    if (s.registers == nullptr) s.registers = std::make_unique<Registers>().release();
    return *s.registers;
  }
  static void add_rank(RegistersState& s, uint32_t index, uint8_t rank) {
    if (rank > 0 && rank <= kHashBits + 1) registers_of(s).add(index, rank);
  }
};

Result<AggregatePtr> bind_approx_count_distinct(std::span<const ExprPtr> args) {
  if (args.size() != 1)
    return wrong_arguments("APPROX_COUNT_DISTINCT", "one argument", kApproxCountDistinct.signature);
  return std::make_shared<ApproxCountDistinct>();
}

}  // namespace

const AggregateDescriptor kApproxCountDistinct = {
    "APPROX_COUNT_DISTINCT",
    "APPROX_COUNT_DISTINCT(x) -> BIGINT",
    "Estimates the number of distinct values that are not NULL, within about 1.6 %, in at most 4 "
    "KiB "
    "(HyperLogLog).",
    "APPROX_COUNT_DISTINCT(x) over 1, 1, 2 -> 2",
    bind_approx_count_distinct,
};

}  // namespace weir
