#include "formats/grok_library.h"

#include <fstream>
#include <utility>

namespace weir {
namespace {

// Lengths are not counted where nothing hangs on them: {0,62} is 62 copies to RE2, and only
// patterns that stay small run on its fast matchers.
constexpr std::pair<const char*, const char*> kBuiltIn[] = {
    // Words and texts.
    {"WORD", R"re(\b\w+\b)re"},
    {"NOTSPACE", R"re(\S+)re"},
    {"SPACE", R"re(\s*)re"},
    {"DATA", R"re(.*?)re"},
    {"GREEDYDATA", R"re(.*)re"},
    {"QUOTEDSTRING", R"re("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)re"},
    {"QS", R"re(%{QUOTEDSTRING})re"},
    {"UUID", R"re([0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})re"},
    {"URN", R"re(urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[^\s"]+)re"},

    // Numbers.
    {"INT", R"re([+-]?[0-9]+)re"},
    {"POSINT", R"re(\b[1-9][0-9]*\b)re"},
    {"NONNEGINT", R"re(\b[0-9]+\b)re"},
    {"BASE10NUM", R"re([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))re"},
    {"NUMBER", R"re(%{BASE10NUM})re"},
    {"BASE16NUM", R"re([+-]?(?:0[xX])?[0-9A-Fa-f]+)re"},
    {"BASE16FLOAT", R"re([+-]?(?:0[xX])?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+))re"},

    // People.
    {"USERNAME", R"re([0-9A-Za-z._-]+)re"},
    {"USER", R"re(%{USERNAME})re"},
    {"EMAILLOCALPART", R"re([0-9A-Za-z!#$%&'*+/=?^_{|}~.-]+)re"},
    {"EMAILADDRESS", R"re(%{EMAILLOCALPART}@%{HOSTNAME})re"},
    {"HTTPDUSER", R"re(%{EMAILADDRESS}|%{USER})re"},

    // Networks.
    {"IPV4",
     R"re((?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2}))re"},
    {"IPV6",
     R"re((?:(?:[0-9A-Fa-f]+:){6}|(?:[0-9A-Fa-f]+(?::[0-9A-Fa-f]+)*)?::(?:[0-9A-Fa-f]+:)*)%{IPV4}|(?:[0-9A-Fa-f]+:){7}[0-9A-Fa-f]+|(?:[0-9A-Fa-f]+(?::[0-9A-Fa-f]+)*)?::(?:[0-9A-Fa-f]+(?::[0-9A-Fa-f]+)*)?)re"},
    {"IP",
     R"re((?:(?:[0-9A-Fa-f]+:){6}|(?:[0-9A-Fa-f]+(?::[0-9A-Fa-f]+)*)?::(?:[0-9A-Fa-f]+:)*)?%{IPV4}|(?:[0-9A-Fa-f]+:){7}[0-9A-Fa-f]+|(?:[0-9A-Fa-f]+(?::[0-9A-Fa-f]+)*)?::(?:[0-9A-Fa-f]+(?::[0-9A-Fa-f]+)*)?)re"},
    {"HOSTNAME", R"re(\b[0-9A-Za-z_][0-9A-Za-z_-]*(?:\.[0-9A-Za-z_][0-9A-Za-z_-]*)*\.?)re"},
    {"IPORHOST", R"re(%{IP}|%{HOSTNAME})re"},
    {"HOST", R"re(%{HOSTNAME})re"},
    {"HOSTPORT", R"re(%{IPORHOST}:%{POSINT})re"},
    {"MAC", R"re(%{COMMONMAC}|%{CISCOMAC})re"},
    {"COMMONMAC", R"re((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})re"},
    {"WINDOWSMAC", R"re((?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})re"},
    {"CISCOMAC", R"re((?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})re"},

    // Paths and addresses.
    {"UNIXPATH", R"re((?:/[0-9A-Za-z_%!$@:.,+~-]*)+)re"},
    {"WINPATH", R"re((?:[A-Za-z]:|\\)(?:\\[^\\?*\s]*)+)re"},
    {"PATH", R"re(%{UNIXPATH}|%{WINPATH})re"},
    {"TTY", R"re(/dev/(?:pts|tty(?:[pq])?)(?:\w+)?/?(?:[0-9]+))re"},
    {"URIPROTO", R"re([A-Za-z][0-9A-Za-z+.-]*)re"},
    {"URIHOST", R"re(%{IPORHOST}(?::%{POSINT})?)re"},
    {"URIPATH", R"re((?:/[0-9A-Za-z$.+!*'(){},~:;=@#%&_-]*)+)re"},
    {"URIQUERY", R"re([0-9A-Za-z$.+!*'|(){},~@#%&/=:;_?\[\]<>-]*)re"},
    {"URIPARAM", R"re(\?%{URIQUERY})re"},
    {"URIPATHPARAM", R"re(%{URIPATH}(?:%{URIPARAM})?)re"},
    {"URI", R"re(%{URIPROTO}://(?:%{USER}(?::[^@\s]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?)re"},

    // Times.
    {"MONTH",
     R"re(\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b)re"},
    {"MONTHNUM", R"re(1[0-2]|0?[1-9])re"},
    {"MONTHNUM2", R"re(0[1-9]|1[0-2])re"},
    {"MONTHDAY", R"re(0[1-9]|[12][0-9]|3[01]|[1-9])re"},
    {"DAY",
     R"re(Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)re"},
    {"YEAR", R"re([0-9]{4}|[0-9]{2})re"},
    {"HOUR", R"re(2[0-3]|[01]?[0-9])re"},
    {"MINUTE", R"re([0-5][0-9])re"},
    {"SECOND", R"re((?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?)re"},
    {"TIME", R"re(%{HOUR}:%{MINUTE}:%{SECOND})re"},
    {"DATE_US", R"re(%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR})re"},
    {"DATE_EU", R"re(%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR})re"},
    {"DATE", R"re(%{DATE_US}|%{DATE_EU})re"},
    {"DATESTAMP", R"re(%{DATE}[- ]%{TIME})re"},
    {"TZ", R"re([A-Z]{3,4})re"},
    {"ISO8601_TIMEZONE", R"re(Z|[+-]%{HOUR}:?%{MINUTE})re"},
    {"ISO8601_SECOND", R"re(%{SECOND})re"},
    {"TIMESTAMP_ISO8601",
     R"re([0-9]{4}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?(?:%{ISO8601_TIMEZONE})?)re"},
    {"DATESTAMP_RFC822", R"re(%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ})re"},
    {"DATESTAMP_RFC2822",
     R"re(%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE})re"},
    {"DATESTAMP_OTHER", R"re(%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR})re"},
    {"DATESTAMP_EVENTLOG", R"re([0-9]{4}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND})re"},
    {"HTTPDATE", R"re(%{MONTHDAY}/[A-Z][a-z]{2}/[0-9]{4}:%{TIME} [+-]?[0-9]+)re"},
    {"HTTPDERROR_DATE", R"re(%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR})re"},
    {"LOGLEVEL",
     R"re((?i:trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?|alert))re"},

    // Syslog.
    {"SYSLOGTIMESTAMP", R"re(%{MONTH} +%{MONTHDAY} %{TIME})re"},
    {"PROG", R"re([!-Z\\^-~]+)re"},
    {"SYSLOGPROG", R"re(%{PROG:program}(?:\[%{POSINT:pid}\])?)re"},
    {"SYSLOGHOST", R"re(%{IPORHOST})re"},
    {"SYSLOGFACILITY", R"re(<%{NONNEGINT:facility}\.%{NONNEGINT:priority}>)re"},
    {"SYSLOGBASE",
     R"re(%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:)re"},
    {"SYSLOGLINE", R"re(%{SYSLOGBASE} +%{GREEDYDATA:message})re"},

    // Web servers.
    {"COMMONAPACHELOG",
     R"re(%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" (?:-|%{NUMBER:response}) (?:-|%{NUMBER:bytes}))re"},
    {"HTTPD_COMMONLOG", R"re(%{COMMONAPACHELOG})re"},
    {"COMBINEDAPACHELOG", R"re(%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent})re"},
    {"HTTPD_COMBINEDLOG", R"re(%{COMBINEDAPACHELOG})re"},
    {"HTTPD20_ERRORLOG",
     R"re(\[%{HTTPDERROR_DATE:timestamp}\] \[%{LOGLEVEL:loglevel}\] (?:\[client %{IPORHOST:clientip}\] )?%{GREEDYDATA:message})re"},
    {"HTTPD24_ERRORLOG",
     R"re(\[%{HTTPDERROR_DATE:timestamp}\] \[(?:%{WORD:module})?:%{LOGLEVEL:loglevel}\] \[pid %{POSINT:pid}(?::tid %{NUMBER:tid})?\](?: \(%{POSINT:proxy_errorcode}\)%{DATA:proxy_message}:)?(?: \[client %{IPORHOST:clientip}:%{POSINT:clientport}\])?(?: %{DATA:errorcode}:)? %{GREEDYDATA:message})re"},
    {"HTTPD_ERRORLOG", R"re(%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG})re"},
};

}  // namespace

GrokLibrary::GrokLibrary() {
  for (const auto& [name, definition] : kBuiltIn) definitions_[name] = definition;
}

Result<void> GrokLibrary::add_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) return fail(ErrorKind::kIo, "cannot read the pattern file " + path);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#') continue;
    const size_t end = line.find_first_of(" \t", begin);
    const size_t definition = end == std::string::npos ? end : line.find_first_not_of(" \t", end);
    if (definition == std::string::npos) {
      auto error = fail(ErrorKind::kConfig, "a pattern without a definition",
                        "write NAME, a blank, its regex");
      error.error().position = {path, number, 1, line, static_cast<int>(line.size())};
      return error;
    }
    add(line.substr(begin, end - begin), line.substr(definition));
  }
  return {};
}

const std::string* GrokLibrary::find(std::string_view name) const {
  const auto found = definitions_.find(name);
  return found == definitions_.end() ? nullptr : &found->second;
}

std::vector<std::string> GrokLibrary::names() const {
  std::vector<std::string> names;
  for (const auto& [name, definition] : definitions_) names.push_back(name);
  return names;
}

}  // namespace weir
