#include "expr/like.h"

#include "expr/compound.h"
#include "expr/functions/find_bytes.h"

namespace weir {

namespace {

size_t utf8_length(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

constexpr size_t kNoMatch = std::string_view::npos;

size_t find(std::string_view text, std::string_view part) {
  return find_bytes(text.data(), text.size(), part.data(), part.size());
}

}  // namespace

std::optional<LikePattern> LikePattern::compile(std::string_view pattern,
                                                std::optional<char> escape) {
  LikePattern out;
  Part part;
  bool wildcards = false;
  bool percent = false;
  const auto add = [&part](char c, bool any) {
    if (any && part.any.empty()) part.any.assign(part.bytes.size(), false);
    part.bytes += c;
    if (any || !part.any.empty()) part.any.push_back(any);
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (escape && c == *escape) {
      if (++i == pattern.size() ||
          (pattern[i] != '%' && pattern[i] != '_' && pattern[i] != *escape)) {
        return std::nullopt;
      }
      add(pattern[i], false);
    } else if (c == '%') {
      percent = true;
      if (i == 0) out.open_begin_ = true;
      out.open_end_ = true;
      if (!part.bytes.empty()) out.parts_.push_back(std::move(part));
      part = Part();
      continue;
    } else {
      wildcards = wildcards || c == '_';
      add(c == '_' ? '\0' : c, c == '_');
    }
    out.open_end_ = false;
  }
  if (!part.bytes.empty()) out.parts_.push_back(std::move(part));

  if (wildcards || out.parts_.size() > 1) return out;
  if (out.parts_.size() == 1) out.text_ = out.parts_[0].bytes;
  if (out.parts_.empty() && percent) {
    out.kind_ = Kind::kAnything;
  } else if (out.open_begin_ && out.open_end_) {
    out.kind_ = Kind::kContains;
  } else if (out.open_begin_) {
    out.kind_ = Kind::kEndsWith;
  } else if (out.open_end_) {
    out.kind_ = Kind::kStartsWith;
  } else {
    out.kind_ = Kind::kEquals;
  }
  return out;
}

bool LikePattern::matches(std::string_view text) const {
  switch (kind_) {
    case Kind::kEquals: return text == text_;
    case Kind::kStartsWith: return text.starts_with(text_);
    case Kind::kEndsWith: return text.ends_with(text_);
    case Kind::kContains: return find(text, text_) != kNoMatch;
    case Kind::kAnything: return true;
    case Kind::kGeneral: break;
  }
  return matches_general(text);
}

// One past the end of the part's match that begins at `at`, or kNoMatch.
size_t LikePattern::match_part(const Part& part, std::string_view text, size_t at) {
  if (part.any.empty()) {
    return text.substr(at).starts_with(part.bytes) ? at + part.bytes.size() : kNoMatch;
  }
  for (size_t k = 0; k < part.bytes.size(); ++k) {
    if (at >= text.size()) return kNoMatch;
    if (part.any[k]) {
      at += utf8_length(static_cast<unsigned char>(text[at]));
      if (at > text.size()) at = text.size();
    } else if (text[at++] != part.bytes[k]) {
      return kNoMatch;
    }
  }
  return at;
}

// The last part has to end where the text ends, so every place for it is tried from the right.
bool LikePattern::ends_with_last(std::string_view text, size_t from) const {
  const Part& last = parts_.back();
  if (last.any.empty()) {
    return text.size() >= from + last.bytes.size() && text.ends_with(last.bytes);
  }
  for (size_t at = text.size(); at + 1 > from; --at) {
    const bool inside_character = at < text.size() && (text[at] & '\xC0') == '\x80';
    if (!inside_character && match_part(last, text, at) == text.size()) return true;
    if (at == 0 || text.size() - at > 4 * last.bytes.size()) break;
  }
  return false;
}

bool LikePattern::matches_general(std::string_view text) const {
  size_t at = 0;
  size_t first = 0;
  if (!open_begin_) {
    at = match_part(parts_[0], text, 0);
    if (at == kNoMatch) return false;
    if (parts_.size() == 1) return open_end_ || at == text.size();
    first = 1;
  }
  const size_t end = open_end_ ? parts_.size() : parts_.size() - 1;
  for (size_t p = first; p < end; ++p) {
    const Part& part = parts_[p];
    if (part.any.empty()) {
      const size_t found = find(text.substr(at), part.bytes);
      if (found == kNoMatch) return false;
      at += found + part.bytes.size();
      continue;
    }
    size_t after = kNoMatch;
    while (at < text.size()) {
      after = match_part(part, text, at);
      if (after != kNoMatch) break;
      at += utf8_length(static_cast<unsigned char>(text[at]));
    }
    if (after == kNoMatch) return false;
    at = after;
  }
  return open_end_ || ends_with_last(text, at);
}

namespace {

constexpr std::string_view kBadEscape =
    "the escape character of LIKE must stand before %, _ or itself";

std::optional<char> escape_of(const Column& escape, size_t i) {
  const StringRef& e = escape.at<StringRef>(i);
  return e.len == 1 ? std::optional(e.ptr[0]) : std::nullopt;
}

class LiteralLike : public CompoundExpr {
 public:
  LiteralLike(ExprPtr text, LikePattern pattern, bool negated)
      : CompoundExpr(Type::boolean(), {std::move(text)}, false),
        pattern_(std::move(pattern)),
        negated_(negated) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr in = part(0).eval(batch, context);
    const size_t n = value_count(in->is_constant(), batch.rows);
    auto out = make_column(Type::boolean(), n);
    add_nulls(*out, *in, n);
    const std::string_view text = pattern_.text();
    switch (pattern_.kind()) {
      case LikePattern::Kind::kEquals: {
        const StringRef wanted(text);
        run(*in, *out, n, [&](const StringRef& s) { return s == wanted; });
        break;
      }
      case LikePattern::Kind::kStartsWith:
        run(*in, *out, n, [&](const StringRef& s) { return s.view().starts_with(text); });
        break;
      case LikePattern::Kind::kEndsWith:
        run(*in, *out, n, [&](const StringRef& s) { return s.view().ends_with(text); });
        break;
      case LikePattern::Kind::kContains:
        run(*in, *out, n, [&](const StringRef& s) { return find(s.view(), text) != kNoMatch; });
        break;
      default: run(*in, *out, n, [&](const StringRef& s) { return pattern_.matches(s.view()); });
    }
    if (in->is_constant() && batch.rows > 0) out->make_constant(batch.rows);
    return out;
  }

 private:
  template <class Matches>
  void run(const Column& in, Column& out, size_t n, Matches matches) const {
    const StringRef* from = in.values<StringRef>();
    const uint8_t* valid = out.valid();
    uint8_t* to = out.values<uint8_t>();
    for (size_t i = 0; i < n; ++i) {
      to[i] =
          static_cast<uint8_t>((valid == nullptr || valid[i] != 0) && matches(from[i]) != negated_);
    }
  }

  LikePattern pattern_;
  bool negated_;
};

// The pattern differs by row; equal neighbours are compiled once.
class RowLike : public CompoundExpr {
 public:
  RowLike(std::vector<ExprPtr> parts, bool negated)
      : CompoundExpr(Type::boolean(), std::move(parts), true), negated_(negated) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    std::vector<ColumnPtr> in;
    bool constant = true;
    for (const auto& p : parts()) {
      in.push_back(p->eval(batch, context));
      constant = constant && in.back()->is_constant();
    }
    const size_t n = value_count(constant, batch.rows);
    auto out = make_column(Type::boolean(), n);
    for (const auto& c : in) add_nulls(*out, *c, n);
    const size_t errors_before = context.errors.size();
    uint8_t* to = out->values<uint8_t>();
    std::string last_text;
    std::optional<char> last_escape;
    std::optional<LikePattern> compiled;
    bool first = true;
    for (size_t i = 0; i < n; ++i) {
      to[i] = 0;
      if (out->is_null(i)) continue;
      const std::string_view pattern = in[1]->at<StringRef>(i).view();
      const auto escape = in.size() > 2 ? escape_of(*in[2], i) : std::nullopt;
      if (first || pattern != last_text || escape != last_escape) {
        compiled = LikePattern::compile(pattern, escape);
        last_text = pattern;
        last_escape = escape;
        first = false;
      }
      if (!compiled || (in.size() > 2 && !escape)) {
        out->set_null(i);
        context.row_error(i, compiled ? std::string("the escape of LIKE is one character")
                                      : std::string(kBadEscape));
        continue;
      }
      to[i] = static_cast<uint8_t>(compiled->matches(in[0]->at<StringRef>(i).view()) != negated_);
    }
    if (constant) spread_constant(*out, batch.rows, context, errors_before);
    return out;
  }

 private:
  bool negated_;
};

}  // namespace

Result<ExprPtr> make_like(ExprPtr text, ExprPtr pattern, ExprPtr escape, bool negated) {
  const Value* p = pattern->as_literal();
  const Value* e = escape ? escape->as_literal() : nullptr;
  if (p == nullptr || p->is_null || (escape && (e == nullptr || e->is_null))) {
    std::vector<ExprPtr> parts{std::move(text), std::move(pattern)};
    if (escape) parts.push_back(std::move(escape));
    return std::make_shared<RowLike>(std::move(parts), negated);
  }
  if (e != nullptr && e->text.size() != 1) {
    return fail(ErrorKind::kConfig, "the escape of LIKE is one character");
  }
  auto compiled =
      LikePattern::compile(p->text, e != nullptr ? std::optional(e->text[0]) : std::nullopt);
  if (!compiled) return fail(ErrorKind::kConfig, std::string(kBadEscape));
  return std::make_shared<LiteralLike>(std::move(text), std::move(*compiled), negated);
}

}  // namespace weir
