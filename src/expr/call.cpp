#include "expr/call.h"

#include "base/spelling.h"
#include "expr/absent_functions.h"
#include "expr/binder.h"
#include "expr/case.h"
#include "expr/cast.h"
#include "expr/coercion.h"
#include "expr/compound.h"

namespace weir {

namespace {

// What a conversion that only the function itself asked for costs.
constexpr int kForcedCast = 30;

class Call : public CompoundExpr {
 public:
  Call(BoundCall call, std::vector<ExprPtr> args)
      : CompoundExpr(call.result, std::move(args), call.can_fail), kernel_(std::move(call.kernel)) {
    if (!call.deterministic) set_random();
  }

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    if (batch.rows == 0) return make_column(type());
    std::vector<ColumnPtr> args;
    args.reserve(parts().size());
    for (const auto& p : parts()) args.push_back(p->eval(batch, context));
    return kernel_(args, batch.rows, context);
  }

 private:
  Kernel kernel_;
};

std::string joined_types(std::span<const ExprPtr> args) {
  std::string out;
  for (const auto& a : args) out += (out.empty() ? "" : ", ") + a->type().to_string();
  return out;
}

std::string signatures(std::span<const FunctionDescriptor> overloads) {
  std::string out;
  for (const auto& f : overloads) {
    if (out.find(f.signature) != std::string::npos) continue;
    out += (out.empty() ? "" : "; ") + std::string(f.signature);
  }
  return out;
}

// The parameters for `count` arguments, the last one repeated; nullopt: the number is wrong.
std::optional<std::vector<Type>> parameters_for(const FunctionDescriptor& f, size_t count) {
  std::vector<Type> types = f.parameters;
  if (!f.variadic) return types.size() == count ? std::optional(types) : std::nullopt;
  if (types.empty() || count + 1 < types.size()) return std::nullopt;
  const Type last = types.back();
  types.resize(count, last);
  return types;
}

std::optional<int> total_cost(std::span<const ExprPtr> args, std::span<const Type> parameters,
                              bool forced) {
  if (args.size() != parameters.size()) return std::nullopt;
  int total = 0;
  for (size_t i = 0; i < args.size(); ++i) {
    const auto cost = conversion_cost(*args[i], parameters[i]);
    if (cost) {
      total += *cost;
    } else if (forced && can_cast(args[i]->type(), parameters[i])) {
      total += kForcedCast;
    } else {
      return std::nullopt;
    }
  }
  return total;
}

struct Candidate {
  BoundCall call;
  int cost = 0;
};

// nullopt: the overload does not fit; `why` may say why.
std::optional<Candidate> try_overload(const FunctionDescriptor& f, std::span<const ExprPtr> args,
                                      std::span<const std::string> words,
                                      std::optional<Error>& why) {
  if (!words.empty() && !f.bind_words) return std::nullopt;
  if (f.bind || f.bind_words) {
    auto call = f.bind_words ? f.bind_words(args, words) : f.bind(args);
    if (!call) {
      why = std::move(call.error());
      return std::nullopt;
    }
    const auto cost = total_cost(args, call->parameters, true);
    if (!cost) return std::nullopt;
    call->can_fail = call->can_fail || f.can_fail;
    call->deterministic = call->deterministic && f.deterministic;
    return Candidate{std::move(*call), *cost};
  }
  auto parameters = parameters_for(f, args.size());
  if (!parameters) return std::nullopt;
  const auto cost = total_cost(args, *parameters, false);
  if (!cost) return std::nullopt;
  return Candidate{{std::move(*parameters), f.returns, f.kernel, f.can_fail, f.deterministic},
                   *cost};
}

ExprPtr make_node(std::string_view name, BoundCall call, std::vector<ExprPtr> args) {
  bool lazy = false;
  for (size_t i = 1; i < args.size(); ++i) lazy = lazy || args[i]->can_fail();
  if (lazy && (name == "COALESCE" || name == "IFNULL")) {
    bool same = true;
    for (const auto& a : args) same = same && a->type() == call.result;
    if (same) return make_coalesce(call.result, std::move(args));
  }
  if (lazy && name == "IF" && args.size() == 3 && args[1]->type() == call.result &&
      args[2]->type() == call.result) {
    return make_case(call.result, {args[0]}, {args[1], args[2]});
  }
  return std::make_shared<Call>(std::move(call), std::move(args));
}

}  // namespace

Result<ExprPtr> make_call(std::string_view name, std::vector<ExprPtr> args,
                          std::span<const std::string> words) {
  const auto overloads = find_function(name);
  if (overloads.empty()) {
    if (auto absent = absent_function(name)) return std::unexpected(std::move(*absent));
    if (const auto here = function_elsewhere_called(name); !here.empty())
      return fail(ErrorKind::kConfig, "unknown function " + std::string(name),
                  "here it is " + std::string(here));
    std::vector<std::string> names;
    for (const auto& f : scalar_functions()) {
      if (names.empty() || names.back() != f.name) names.emplace_back(f.name);
    }
    for (const auto* a : aggregate_functions()) names.emplace_back(a->name);
    const std::string near = nearest_name(name, names);
    return fail(ErrorKind::kConfig, "unknown function " + std::string(name),
                near.empty() ? "`weir functions` lists them" : "did you mean " + near + "?");
  }
  std::optional<Candidate> best;
  std::optional<Error> why;
  for (const auto& f : overloads) {
    auto candidate = try_overload(f, args, words, why);
    if (candidate && (!best || candidate->cost < best->cost)) best = std::move(candidate);
  }
  if (!best) {
    // The only overload knows better what is wrong.
    if (why && overloads.size() == 1) {
      if (why->hint.empty()) why->hint = signatures(overloads);
      return std::unexpected(std::move(*why));
    }
    std::string message = "no " + std::string(name) + " takes (" + joined_types(args) + ")";
    if (!words.empty()) message += " " + words.front();
    if (why && args.size() > 0) message += ": " + why->message;
    return fail(ErrorKind::kConfig, std::move(message), signatures(overloads));
  }
  for (size_t i = 0; i < args.size(); ++i) {
    const bool text_literal = args[i]->as_literal() != nullptr && args[i]->type().is_text();
    const std::string shown = text_literal ? args[i]->as_literal()->text : std::string();
    auto cast = cast_to(std::move(args[i]), best->call.parameters[i]);
    if (!cast) return cast;
    if (text_literal && (*cast)->can_fail() &&
        best->call.parameters[i].id != TypeId::kTimestampLtz) {
      return fail(ErrorKind::kConfig,
                  "'" + shown + "' is no " + best->call.parameters[i].to_string());
    }
    args[i] = std::move(*cast);
  }
  return make_node(name, std::move(best->call), std::move(args));
}

}  // namespace weir
