// RAND, RAND_INTEGER, UUID. A value is a hash of (seed, place of the call, ordinal of the row): the
// same rows get the same values however they are split over blocks and threads, and after a resume.
#include <fmt/format.h>

#include <atomic>
#include <random>

#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/numeric_families.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

// The finaliser of splitmix64 (G. Steele et al., 2014): every input bit moves every output bit.
uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// The run's seed; without one (0) a seed that no two processes share.
uint64_t run_seed(const EvalContext& context) {
  static const uint64_t fallback = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }();
  return context.seed != 0 ? context.seed : fallback;
}

// The rows of one kernel call as numbers that do not repeat.
class Ordinals {
 public:
  Ordinals(const EvalContext& context, size_t rows) : batch_(context.batch) {
    static std::atomic<uint64_t> next{0};
    if (batch_ == nullptr) first_ = next.fetch_add(rows);
  }
  uint64_t at(size_t i) const { return batch_ != nullptr ? batch_->ordinal(i) : first_ + i; }

 private:
  const Batch* batch_;
  uint64_t first_ = 0;
};

// Tells calls apart, so that two RAND() in one row differ. Binding is sequential and always the
// same for a pipeline, so a run repeated with the same seed sees the same numbers.
uint64_t next_call_site() {
  static std::atomic<uint64_t> next{0};
  return mix(++next);
}

// `values(bits, i)` makes row i's value of 64 random bits; NULL where an argument is.
template <class Raw, class F>
ColumnPtr random_rows(const Type& type, Columns args, size_t rows, EvalContext& context,
                      uint64_t site, F&& value) {
  ColumnPtr out = make_column(type, rows);
  Raw* values = out->values<Raw>();
  const Ordinals ordinals(context, rows);
  for (size_t i = 0; i < rows; ++i) {
    values[i] = Raw{};
    if (any_null(args, i)) {
      out->set_null(i);
      continue;
    }
    const size_t before = context.errors.size();
    values[i] = value(mix(site ^ mix(ordinals.at(i))), i);
    if (context.errors.size() != before) {
      context.errors.back().row = static_cast<uint32_t>(i);
      out->set_null(i);
    }
  }
  return out;
}

double unit_interval(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

int32_t below(EvalContext& context, uint64_t bits, int32_t bound) {
  if (bound <= 0) {
    fail_row(context, fmt::format("RAND_INTEGER: the bound must be positive, not {}", bound));
    return 0;
  }
  return static_cast<int32_t>((bits >> 32) * static_cast<uint64_t>(bound) >> 32);
}

// With a seed the numbers depend on it and the row alone, so two calls with one seed agree.
uint64_t seeded(Columns args, size_t i, uint64_t bits_of_row) {
  return mix(static_cast<uint64_t>(args[0]->at<int32_t>(i)) ^ bits_of_row);
}

Result<BoundCall> bind_rand(std::span<const ExprPtr> args) {
  if (auto ok = check_count("RAND", args, 0, 1); !ok) return fail(ok.error());
  const std::vector<Type> types(args.size(), Type::integer());
  if (auto ok = check_types("RAND", args, types); !ok) return fail(ok.error());
  Kernel kernel;
  if (args.empty()) {
    kernel = [site = next_call_site()](Columns columns, size_t rows, EvalContext& context) {
      return random_rows<double>(Type::float64(), columns, rows, context, site ^ run_seed(context),
                                 [](uint64_t bits, size_t) { return unit_interval(bits); });
    };
  } else {
    kernel = [](Columns columns, size_t rows, EvalContext& context) {
      return random_rows<double>(
          Type::float64(), columns, rows, context, 0,
          [&](uint64_t bits, size_t i) { return unit_interval(seeded(columns, i, bits)); });
    };
  }
  return BoundCall{types, Type::float64(), std::move(kernel), false, false};
}

// RAND_INTEGER(bound) or RAND_INTEGER(seed, bound).
Result<BoundCall> bind_rand_integer(std::span<const ExprPtr> args) {
  if (auto ok = check_count("RAND_INTEGER", args, 1, 2); !ok) return fail(ok.error());
  const std::vector<Type> types(args.size(), Type::integer());
  if (auto ok = check_types("RAND_INTEGER", args, types); !ok) return fail(ok.error());
  const auto bound = literal_integer(args, args.size() - 1);
  if (bound && *bound <= 0) {
    return fail(ErrorKind::kConfig,
                fmt::format("RAND_INTEGER: the bound must be positive, not {}", *bound));
  }
  Kernel kernel;
  if (args.size() == 1) {
    kernel = [site = next_call_site()](Columns columns, size_t rows, EvalContext& context) {
      return random_rows<int32_t>(Type::integer(), columns, rows, context, site ^ run_seed(context),
                                  [&](uint64_t bits, size_t i) {
                                    return below(context, bits, columns[0]->at<int32_t>(i));
                                  });
    };
  } else {
    kernel = [](Columns columns, size_t rows, EvalContext& context) {
      return random_rows<int32_t>(
          Type::integer(), columns, rows, context, 0, [&](uint64_t bits, size_t i) {
            return below(context, seeded(columns, i, bits), columns[1]->at<int32_t>(i));
          });
    };
  }
  return BoundCall{types, Type::integer(), std::move(kernel), !bound, false};
}

// Version 4 (random), variant 1 of RFC 4122.
StringRef make_uuid(EvalContext& context, uint64_t high, uint64_t low) {
  constexpr char kHex[] = "0123456789abcdef";
  high = (high & ~uint64_t{0xF000}) | 0x4000;
  low = (low & ~(uint64_t{3} << 62)) | uint64_t{2} << 62;
  char* const out = context.arena->allocate(36);
  char* to = out;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) *to++ = '-';
    const uint64_t half = i < 16 ? high : low;
    *to++ = kHex[half >> (60 - 4 * (i % 16)) & 15];
  }
  return {out, 36};
}

Result<BoundCall> bind_uuid(std::span<const ExprPtr> args) {
  if (auto ok = check_count("UUID", args, 0, 0); !ok) return fail(ok.error());
  Kernel kernel = [site = next_call_site()](Columns columns, size_t rows, EvalContext& context) {
    const uint64_t seed = run_seed(context);
    return random_rows<StringRef>(Type::string(), columns, rows, context, site ^ seed,
                                  [&](uint64_t bits, size_t) {
                                    // 64 bits alone would make equal UUIDs likely after some
                                    // billions of rows of many runs.
                                    return make_uuid(context, bits, mix(bits ^ mix(seed + site)));
                                  });
  };
  return BoundCall{{}, Type::string(), std::move(kernel), false, false};
}

FunctionDescriptor random_function(std::string_view name, std::string_view signature,
                                   std::string_view doc, std::string_view example,
                                   Result<BoundCall> (*bind)(std::span<const ExprPtr>)) {
  FunctionDescriptor d;
  d.name = name;
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = "*";
  d.deterministic = false;
  d.bind = bind;
  return d;
}

}  // namespace

FunctionList numeric_random_functions() {
  return {
      random_function(
          "RAND", "RAND([seed INT]) -> DOUBLE",
          "Gives a random number from 0 up to but not 1; with a seed always the same for a row.",
          "RAND()", bind_rand),
      random_function("RAND_INTEGER", "RAND_INTEGER([seed INT,] bound INT) -> INT",
                      "Gives a random whole number from 0 up to but not bound.", "RAND_INTEGER(6)",
                      bind_rand_integer),
      random_function("UUID", "UUID() -> STRING",
                      "Gives a random UUID (version 4), a new one per row.", "UUID()", bind_uuid),
  };
}

}  // namespace weir
