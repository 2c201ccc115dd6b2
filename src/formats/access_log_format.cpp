#include <algorithm>

#include <fmt/format.h>

#include "base/spelling.h"
#include "formats/access_log.h"
#include "formats/format.h"
#include "formats/format_list.h"

namespace weir {
namespace {

struct NoOptions {};

struct NginxOptions {
  SourceText log_format;
};

const OptionTable<NginxOptions>& nginx_options() {
  static const OptionTable<NginxOptions> table = {
      {"log_format", &NginxOptions::log_format,
       "nginx's log_format or Apache's LogFormat, the format alone or the whole directive as "
       "pasted",
       true},
  };
  return table;
}

class AccessLogFormat final : public Format {
 public:
  AccessLogFormat(LogPattern pattern, const FormatContext& context)
      : pattern_(std::move(pattern)), zone_(context.zone), reference_us_(context.reference_us) {
    for (const auto& c : pattern_.columns) schema_.add(c.column.name, c.column.type);
  }

  std::shared_ptr<const RecordCutter> cutter() const override { return make_line_cutter(); }
  const Schema& schema() const override { return schema_; }
  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    return make_access_log_decoder(pattern_, request, zone_, reference_us_);
  }

 private:
  LogPattern pattern_;
  const TimeZone* zone_;
  int64_t reference_us_;
  Schema schema_;
};

// [source.schema] changes types and names of the log's own columns.
void apply_declared(LogPattern& pattern, const FormatSpec& spec, const FormatContext& context,
                    Errors& errors) {
  const size_t before = errors.size();
  const auto declared = declared_columns(context, errors);
  if (errors.size() > before) return;
  std::vector<std::string> names;
  for (const auto& c : pattern.columns) names.push_back(c.column.name);
  for (size_t i = 0; i < declared.size(); ++i) {
    const DeclaredColumn& d = declared[i];
    const std::string& path = d.path.empty() ? d.name : d.path;
    const Position& position =
        i < context.columns.size() ? context.columns[i].position : spec.position;
    const auto found = std::find(names.begin(), names.end(), path);
    if (found == names.end()) {
      errors.push_back({ErrorKind::kConfig,
                        fmt::format("the log has no column `{}`", path),
                        position,
                        spelling_hint(path, std::span<const std::string>(names)),
                        {}});
      continue;
    }
    FieldColumn& column = pattern.columns[static_cast<size_t>(found - names.begin())].column;
    column.name = d.name;
    if (!d.format.empty()) {
      column.time_format = d.format;
    } else if (!d.type.is_temporal()) {
      column.time_format.clear();
    }
    column.type = d.type;
    auto parser =
        FieldParser::make(column.type, column.time_format, context.zone, context.reference_us);
    if (!parser) {
      Error error = parser.error();
      error.position = position;
      errors.push_back(std::move(error));
    }
  }
}

std::unique_ptr<Format> make_log(LogPattern pattern, const FormatSpec& spec,
                                 const FormatContext& context, Errors& errors,
                                 size_t errors_before) {
  apply_declared(pattern, spec, context, errors);
  if (errors.size() > errors_before) return nullptr;
  return std::make_unique<AccessLogFormat>(std::move(pattern), context);
}

std::unique_ptr<Format> make_fixed(const FormatSpec& spec, const FormatContext& context,
                                   Errors& errors, bool combined) {
  const size_t before = errors.size();
  NoOptions options;
  read_options(OptionTable<NoOptions>{}, spec.options, options, errors,
               combined ? "the combined format" : "the common format", {"name"});
  return make_log(common_log_pattern(combined), spec, context, errors, before);
}

std::unique_ptr<Format> make_common(const FormatSpec& spec, const FormatContext& context,
                                    Errors& errors) {
  return make_fixed(spec, context, errors, false);
}

std::unique_ptr<Format> make_combined(const FormatSpec& spec, const FormatContext& context,
                                      Errors& errors) {
  return make_fixed(spec, context, errors, true);
}

std::unique_ptr<Format> make_nginx(const FormatSpec& spec, const FormatContext& context,
                                   Errors& errors) {
  const size_t before = errors.size();
  NginxOptions options;
  read_options(nginx_options(), spec.options, options, errors, "the nginx format", {"name"});
  if (errors.size() > before) return nullptr;
  auto pattern = compile_log_pattern(options.log_format.text);
  if (!pattern) {
    Error error = pattern.error();
    error.position = options.log_format.position;
    errors.push_back(std::move(error));
    return nullptr;
  }
  return make_log(std::move(*pattern), spec, context, errors, before);
}

std::vector<OptionDoc> no_docs() { return {}; }
std::vector<OptionDoc> nginx_docs() { return option_docs(nginx_options()); }

}  // namespace

const FormatDescriptor kCommonFormat = {
    "common",
    "access logs in the Common Log Format: host ident user [time] \"request\" status bytes",
    true,
    false,
    no_docs,
    make_common};

const FormatDescriptor kCombinedFormat = {
    "combined",
    "access logs of Apache and nginx: common with \"referer\" \"user agent\"; more behind them is "
    "left out",
    true,
    false,
    no_docs,
    make_combined};

const FormatDescriptor kNginxFormat = {
    "nginx",    "access logs in a format given as nginx's log_format or Apache's LogFormat",
    true,       false,
    nginx_docs, make_nginx};

}  // namespace weir
