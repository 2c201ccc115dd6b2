#include "expr/in_list.h"

#include <algorithm>
#include <unordered_set>

#include "expr/compare.h"
#include "expr/compound.h"
#include "expr/logic.h"

namespace weir {

namespace {

// Up to this many literals are compared one after the other, which beats hashing.
constexpr size_t kFewItems = 4;

template <class T>
class NumberSet {
 public:
  explicit NumberSet(std::vector<T> values) : few_(std::move(values)) {
    std::sort(few_.begin(), few_.end());
    few_.erase(std::unique(few_.begin(), few_.end()), few_.end());
  }
  bool holds(T v) const {
    if (few_.size() <= kFewItems) {
      for (const T x : few_) {
        if (x == v) return true;
      }
      return false;
    }
    return std::binary_search(few_.begin(), few_.end(), v);
  }

 private:
  std::vector<T> few_;
};

struct RefHash {
  size_t operator()(const StringRef& s) const { return std::hash<std::string_view>()(s.view()); }
};

class StringSet {
 public:
  explicit StringSet(std::vector<std::string> values) : texts_(std::move(values)) {
    for (const auto& t : texts_) {
      few_.emplace_back(std::string_view(t));
      set_.insert(few_.back());
    }
  }
  bool holds(const StringRef& v) const {
    if (few_.size() <= kFewItems) {
      for (const auto& x : few_) {
        if (x == v) return true;
      }
      return false;
    }
    return set_.contains(v);
  }

 private:
  std::vector<std::string> texts_;
  std::vector<StringRef> few_;
  std::unordered_set<StringRef, RefHash> set_;
};

template <class T, class Set>
class InSet : public CompoundExpr {
 public:
  InSet(ExprPtr value, Set set, bool with_null, bool negated)
      : CompoundExpr(Type::boolean(), {std::move(value)}, false),
        set_(std::move(set)),
        with_null_(with_null),
        negated_(negated) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr in = part(0).eval(batch, context);
    const size_t n = value_count(in->is_constant(), batch.rows);
    auto out = make_column(Type::boolean(), n);
    add_nulls(*out, *in, n);
    const T* values = in->template values<T>();
    uint8_t* to = out->template values<uint8_t>();
    const uint8_t* valid = in->valid();
    for (size_t i = 0; i < n; ++i) {
      const bool found = (valid == nullptr || valid[i] != 0) && set_.holds(values[i]);
      to[i] = static_cast<uint8_t>(found != negated_);
      if (!found && with_null_) out->set_null(i);
    }
    if (in->is_constant() && batch.rows > 0) out->make_constant(batch.rows);
    return out;
  }

 private:
  Set set_;
  bool with_null_;
  bool negated_;
};

class InList : public CompoundExpr {
 public:
  InList(std::vector<ExprPtr> parts, bool negated)
      : CompoundExpr(Type::boolean(), std::move(parts), false), negated_(negated) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr value = part(0).eval(batch, context);
    ColumnPtr found;
    for (size_t p = 1; p < parts().size(); ++p) {
      const ColumnPtr item = part(p).eval(batch, context);
      const ColumnPtr equal = compare_columns(CompareOp::kEq, *value, *item, batch.rows);
      found = found ? or_columns(*found, *equal, batch.rows) : equal;
    }
    return negated_ ? not_column(*found, batch.rows) : found;
  }

 private:
  bool negated_;
};

template <class T>
ExprPtr number_set(ExprPtr value, const std::vector<const Value*>& literals, bool with_null,
                   bool negated) {
  std::vector<T> numbers;
  for (const Value* v : literals) {
    if constexpr (std::is_floating_point_v<T>) {
      const T x = static_cast<T>(v->real);
      if (x == x) numbers.push_back(x);  // NaN is equal to nothing
    } else {
      numbers.push_back(static_cast<T>(v->number));
    }
  }
  return std::make_shared<InSet<T, NumberSet<T>>>(
      std::move(value), NumberSet<T>(std::move(numbers)), with_null, negated);
}

ExprPtr literal_set(ExprPtr value, const std::vector<const Value*>& literals, bool with_null,
                    bool negated) {
  const Type& type = value->type();
  if (type.is_string_like()) {
    std::vector<std::string> texts;
    for (const Value* v : literals) texts.push_back(v->text);
    return std::make_shared<InSet<StringRef, StringSet>>(
        std::move(value), StringSet(std::move(texts)), with_null, negated);
  }
  if (type.id == TypeId::kFloat) {
    return number_set<float>(std::move(value), literals, with_null, negated);
  }
  if (type.id == TypeId::kDouble) {
    return number_set<double>(std::move(value), literals, with_null, negated);
  }
  switch (type.width()) {
    case 1:
      return type.id == TypeId::kBoolean
                 ? number_set<uint8_t>(std::move(value), literals, with_null, negated)
                 : number_set<int8_t>(std::move(value), literals, with_null, negated);
    case 2: return number_set<int16_t>(std::move(value), literals, with_null, negated);
    case 4: return number_set<int32_t>(std::move(value), literals, with_null, negated);
    case 8: return number_set<int64_t>(std::move(value), literals, with_null, negated);
    default: return number_set<Int128>(std::move(value), literals, with_null, negated);
  }
}

}  // namespace

ExprPtr make_in(ExprPtr value, std::vector<ExprPtr> items, bool negated) {
  std::vector<const Value*> literals;
  bool with_null = false;
  bool all_literal = !value->type().is_nested() && value->type().id != TypeId::kNull;
  bool fails = false;
  for (const auto& item : items) {
    const Value* v = item->as_literal();
    all_literal = all_literal && v != nullptr;
    fails = fails || item->can_fail();
    if (v == nullptr) continue;
    if (v->is_null) {
      with_null = true;
    } else {
      literals.push_back(v);
    }
  }
  if (all_literal) return literal_set(std::move(value), literals, with_null, negated);
  if (fails && value->is_deterministic()) {
    // As OR does it: an item that may fail is not computed where an earlier one was found.
    ExprPtr found;
    for (auto& item : items) {
      ExprPtr equal = make_compare(CompareOp::kEq, value, std::move(item));
      found = found ? make_or(std::move(found), std::move(equal)) : std::move(equal);
    }
    return negated ? make_not(std::move(found)) : found;
  }
  items.insert(items.begin(), std::move(value));
  return std::make_shared<InList>(std::move(items), negated);
}

}  // namespace weir
