// SIMILAR TO: SQL's regular expressions, translated to RE2.
#include <re2/re2.h>

#include "expr/compound.h"
#include "expr/like.h"

namespace weir {

namespace {

constexpr std::string_view kPlainInRegex = "|*+?{}()";

// nullopt: the escape character stands at the end.
std::optional<std::string> to_regex(std::string_view pattern, std::optional<char> escape) {
  std::string out = "(?s:";
  bool brackets = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (escape && c == *escape) {
      if (++i == pattern.size()) return std::nullopt;
      out += RE2::QuoteMeta(std::string_view(&pattern[i], 1));
    } else if (brackets) {
      brackets = c != ']';
      if (c == '\\') out += '\\';
      out += c;
    } else if (c == '[') {
      brackets = true;
      out += c;
    } else if (c == '%') {
      out += ".*";
    } else if (c == '_') {
      out += '.';
    } else if (kPlainInRegex.find(c) != std::string_view::npos) {
      out += c;
    } else {
      // Bytes of UTF-8 characters pass as they are.
      out += (c & '\x80') != 0 ? std::string(1, c) : RE2::QuoteMeta(std::string_view(&c, 1));
    }
  }
  return out + ")";
}

// Null when the pattern is no regular expression; `reason` says why.
std::unique_ptr<RE2> compile_similar(std::string_view pattern, std::optional<char> escape,
                                     std::string& reason) {
  const auto regex = to_regex(pattern, escape);
  if (!regex) {
    reason = "the escape character stands at the end of the pattern";
    return nullptr;
  }
  RE2::Options options;
  options.set_log_errors(false);
  auto re = std::make_unique<RE2>(*regex, options);
  if (!re->ok()) {
    reason = "wrong pattern of SIMILAR TO: " + re->error();
    return nullptr;
  }
  return re;
}

class Similar : public CompoundExpr {
 public:
  Similar(std::vector<ExprPtr> parts, std::unique_ptr<RE2> literal, bool negated)
      : CompoundExpr(Type::boolean(), std::move(parts), literal == nullptr),
        literal_(std::move(literal)),
        negated_(negated) {}

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
    std::unique_ptr<RE2> own;
    std::string own_text;
    std::string reason;
    bool first = true;
    for (size_t i = 0; i < n; ++i) {
      to[i] = 0;
      if (out->is_null(i)) continue;
      const RE2* re = literal_.get();
      if (re == nullptr) {
        std::string text(in[1]->at<StringRef>(i).view());
        std::optional<char> escape;
        if (in.size() > 2 && in[2]->at<StringRef>(i).len > 0) {
          escape = in[2]->at<StringRef>(i).ptr[0];
          text += *escape;
        }
        if (first || text != own_text) {
          own = compile_similar(in[1]->at<StringRef>(i).view(), escape, reason);
          own_text = std::move(text);
          first = false;
        }
        if (own == nullptr) {
          out->set_null(i);
          context.row_error(i, reason);
          continue;
        }
        re = own.get();
      }
      const std::string_view s = in[0]->at<StringRef>(i).view();
      to[i] = static_cast<uint8_t>(RE2::FullMatch(re2::StringPiece(s.data(), s.size()), *re) !=
                                   negated_);
    }
    if (constant) spread_constant(*out, batch.rows, context, errors_before);
    return out;
  }

 private:
  std::unique_ptr<RE2> literal_;
  bool negated_;
};

}  // namespace

Result<ExprPtr> make_similar(ExprPtr text, ExprPtr pattern, ExprPtr escape, bool negated) {
  const Value* p = pattern->as_literal();
  const Value* e = escape ? escape->as_literal() : nullptr;
  std::unique_ptr<RE2> literal;
  if (p != nullptr && !p->is_null && (!escape || (e != nullptr && !e->is_null))) {
    if (e != nullptr && e->text.size() != 1) {
      return fail(ErrorKind::kConfig, "the escape of SIMILAR TO is one character");
    }
    std::string reason;
    literal =
        compile_similar(p->text, e != nullptr ? std::optional(e->text[0]) : std::nullopt, reason);
    if (literal == nullptr) return fail(ErrorKind::kConfig, std::move(reason));
  }
  std::vector<ExprPtr> parts{std::move(text), std::move(pattern)};
  if (escape) parts.push_back(std::move(escape));
  return std::make_shared<Similar>(std::move(parts), std::move(literal), negated);
}

}  // namespace weir
