#include "formats/sniff.h"

#include <catch2/catch.hpp>

#include "formats/format_list.h"

using namespace weir;

namespace {

// "csv delimiter=; header=false"
std::string sniffed(std::string_view sample) {
  const FormatSpec spec = sniff_spec(sample);
  CHECK(spec.name == sniff_format(sample));
  std::string out = spec.name;
  for (const auto& [name, value] : spec.options.entries)
    out += " " + name + "=" +
           (value.kind == Node::Kind::kBoolean ? (value.boolean ? "true" : "false") : value.text);
  return out;
}

}  // namespace

TEST_CASE("sniff: json") {
  CHECK(sniffed("{\"a\":1}\n{\"b\":\"x\"}\n") == "json");
  CHECK(sniffed("\xEF\xBB\xBF\n{\"a\":1}") == "json");
  CHECK(sniffed("{\"a\":1}\n{\"b\":") == "json");  // cut in its last line
  CHECK(sniffed("[1,2]\n[3,4]\n") != "json");
  CHECK(sniffed("{not json}\n") == "text");
}

TEST_CASE("sniff: access logs") {
  const std::string common =
      "1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET /a, b HTTP/1.0\" 200 2326";
  CHECK(sniffed(common + "\n" + common + "\n") == "common");
  CHECK(sniffed(common + " \"-\" \"curl \\\"x\\\"\"\n") == "combined");
  CHECK(sniffed("::1 - a b [x] \"-\" 408 -\n") == "common");
}

TEST_CASE("sniff: delimited text") {
  CHECK(sniffed("name,age\nbob,5\nann,6\n") == "csv");
  CHECK(sniffed("name,city\nbob,Rome\nann,Oslo\n") == "csv");
  CHECK(sniffed("bob,5\nann,6\n") == "csv header=false");
  CHECK(sniffed("Hamburg;12.0\nBulawayo;8.9\n") == "csv delimiter=; header=false");
  CHECK(sniffed("a|b|c\n1|2|3\n") == "csv delimiter=|");
  CHECK(sniffed("a\tb\n1\tx\n") == "tsv");
  CHECK(sniffed("1\tx\n2\ty\n") == "tsv header=false");
  CHECK(sniffed("id,text\n1,\"a, b\n c\"\n2,\"x\"\"y\"\r\n") == "csv");
  CHECK(sniffed("a,b\n1,2\n3,") == "csv");
  CHECK(sniffed("a,b,a\n1,2,3\n") == "csv header=false");
}

TEST_CASE("sniff: delimited text with comments, times and bars") {
  CHECK(sniffed("# stations\n# of the world\nTokyo;35.6\nOslo;59.9\n") ==
        "csv delimiter=; comment=# header=false");
  CHECK(sniffed("#fields\ta\n1\tx\n#close\n") == "tsv comment=# header=false");
  CHECK(sniffed("timestamp,value\n2014-07-01 00:00:00,10844\n2014-07-01 00:30:00,8127\n") == "csv");
  CHECK(sniffed("web-1  | {\"a\":1}\nweb-2  | {\"b\":2}\n") == "text");
  CHECK(sniffed("web-1  | started\nweb-2  | ready\n") == "text");
  CHECK(sniffed("# only comments\n") == "text");
  CHECK(sniffed("a\t5\" disk\nb\t3\" disk\n") == "tsv header=false");
}

TEST_CASE("sniff: logfmt") {
  CHECK(sniffed("level=info msg=\"a b\" n=5\nlevel=warn msg=x\n") == "logfmt");
  CHECK(sniffed("ts=1\n") == "logfmt");
  CHECK(sniffed("the result is a=b here\n") == "text");
}

TEST_CASE("sniff: text") {
  CHECK(sniffed("") == "text");
  CHECK(sniffed("\n\n") == "text");
  CHECK(sniffed("To be, or not to be, that is the question:\nWhether 'tis nobler, in the mind\n") ==
        "text");
  CHECK(sniffed("2024-01-31 12:00:00,123 INFO started\n2024-01-31 12:00:01,456 WARN slow\n") ==
        "text");
  CHECK(sniffed("one\ntwo\n") == "text");
}

TEST_CASE("formats: the list is sorted and every format is found") {
  std::string_view last;
  for (const FormatDescriptor* format : formats()) {
    CHECK(last < format->name);
    last = format->name;
    CHECK(find_format(format->name) == format);
    CHECK_FALSE(format->doc.empty());
    CHECK(format->options != nullptr);
    CHECK(format->make != nullptr);
    CHECK((format->reads || format->writes));
    for (const auto& option : format->options()) CHECK_FALSE(option.help.empty());
  }
  CHECK(find_format("cvs") == nullptr);
}

TEST_CASE("sniff: formats that are no text") {
  CHECK(sniff_format(std::string_view("Obj\1\4\x16", 6)) == "avro");
  CHECK(sniff_format("\x81\xa2id\x01\x81\xa2id\x02") == "msgpack");
  CHECK(sniff_format("\x81\xa2id") == "text");    // not whole
  CHECK(sniff_format("\x81\x01\x02") == "text");  // no names
  CHECK(sniff_format("\xc3\xa9t\xc3\xa9") == "text");
}
