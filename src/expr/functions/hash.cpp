// MD5, SHA-1, SHA-2 (OpenSSL), CRC32, XXHASH64.
#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <memory>

#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

constexpr char kHexDigits[] = "0123456789abcdef";

// One algorithm, ready to digest many texts. One per kernel call, so that it belongs to one thread.
class Digester {
 public:
  explicit Digester(const char* algorithm)
      : algorithm_(EVP_MD_fetch(nullptr, algorithm, nullptr), &EVP_MD_free),
        state_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {}

  // The digest of s in lower-case hexadecimal.
  StringRef hex(EvalContext& context, StringRef s) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    if (algorithm_ == nullptr || state_ == nullptr ||
        EVP_DigestInit_ex2(state_.get(), algorithm_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(state_.get(), s.ptr, s.len) != 1 ||
        EVP_DigestFinal_ex(state_.get(), digest.data(), &size) != 1) {
      fail_row(context, "the system's OpenSSL refuses this digest");
      return {};
    }
    char* const out = context.arena->allocate(2 * size_t{size});
    for (unsigned i = 0; i < size; ++i) {
      out[2 * i] = kHexDigits[digest[i] >> 4];
      out[2 * i + 1] = kHexDigits[digest[i] & 15];
    }
    return {out, 2 * size_t{size}};
  }

 private:
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state_;
};

Kernel digest_kernel(const char* algorithm) {
  return [algorithm](Columns args, size_t rows, EvalContext& context) {
    Digester digester(algorithm);
    return map_rows<StringRef>(Type::string(), args, rows, context, [&](size_t i) {
      return digester.hex(context, args[0]->at<StringRef>(i));
    });
  };
}

const char* sha2_algorithm(int64_t bits) {
  switch (bits) {
    case 224: return "SHA224";
    case 256: return "SHA256";
    case 384: return "SHA384";
    case 512: return "SHA512";
    default: return nullptr;
  }
}

ColumnPtr sha2(Columns args, size_t rows, EvalContext& context) {
  std::optional<Digester> digester;
  int64_t current = 0;
  return map_rows<StringRef>(Type::string(), args, rows, context, [&](size_t i) -> StringRef {
    const int64_t bits = args[1]->at<int32_t>(i);
    const char* algorithm = sha2_algorithm(bits);
    if (algorithm == nullptr) {
      fail_row(context, "SHA2 knows 224, 256, 384 and 512 bits, not " + std::to_string(bits));
      return {};
    }
    if (bits != current) digester.emplace(algorithm);
    current = bits;
    return digester->hex(context, args[0]->at<StringRef>(i));
  });
}

Result<void> check_sha2(std::span<const ExprPtr> args) {
  const auto bits = literal_integer(args, 1);
  if (!bits || sha2_algorithm(*bits) != nullptr) return {};
  return fail(ErrorKind::kConfig,
              "SHA2 knows 224, 256, 384 and 512 bits, not " + std::to_string(*bits));
}

// CRC-32 of zlib and gzip: polynomial 0xEDB88320 (reflected), eight bytes at a time through eight
// tables (M. Kounavis and F. Berry, "A Systematic Approach to Building High Performance
// Software-based CRC Generators", 2005).
struct CrcTables {
  uint32_t table[8][256];
  constexpr CrcTables() : table{} {
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; ++i) {
      for (int t = 1; t < 8; ++t)
        table[t][i] = (table[t - 1][i] >> 8) ^ table[0][table[t - 1][i] & 255];
    }
  }
};
constexpr CrcTables kCrc;

int64_t crc32(EvalContext&, StringRef s) {
  uint32_t c = 0xFFFFFFFFu;
  const char* p = s.ptr;
  size_t n = s.len;
  for (; n >= 8; n -= 8, p += 8) {
    uint32_t low;
    uint32_t high;
    std::memcpy(&low, p, 4);
    std::memcpy(&high, p + 4, 4);
    low ^= c;
    c = kCrc.table[7][low & 255] ^ kCrc.table[6][low >> 8 & 255] ^ kCrc.table[5][low >> 16 & 255] ^
        kCrc.table[4][low >> 24] ^ kCrc.table[3][high & 255] ^ kCrc.table[2][high >> 8 & 255] ^
        kCrc.table[1][high >> 16 & 255] ^ kCrc.table[0][high >> 24];
  }
  for (; n > 0; --n, ++p) c = kCrc.table[0][(c ^ static_cast<unsigned char>(*p)) & 255] ^ (c >> 8);
  return static_cast<int64_t>(c ^ 0xFFFFFFFFu);
}

int64_t xxhash64(EvalContext&, StringRef s) { return static_cast<int64_t>(XXH64(s.ptr, s.len, 0)); }

FunctionDescriptor digest(std::string_view name, std::string_view signature, std::string_view doc,
                          std::string_view example, std::string_view result,
                          const char* algorithm) {
  FunctionDescriptor d;
  d.name = name;
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = result;
  d.parameters = {Type::string()};
  d.returns = Type::string();
  d.kernel = digest_kernel(algorithm);
  return d;
}

FunctionDescriptor sha2_function() {
  FunctionDescriptor d = digest(
      "SHA2", "SHA2(s STRING, bits INT) -> STRING",
      "Gives the SHA-2 digest of 224, 256, 384 or 512 bits in hexadecimal.", "SHA2('abc', 224)",
      "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7", "SHA256");
  d.parameters = {Type::string(), Type::integer()};
  d.kernel = sha2;
  d.can_fail = true;
  return checked(std::move(d), check_sha2);
}

}  // namespace

FunctionList hash_functions() {
  FunctionList all = {
      digest("MD5", "MD5(s STRING) -> STRING", "Gives the MD5 digest in hexadecimal.", "MD5('abc')",
             "900150983cd24fb0d6963f7d28e17f72", "MD5"),
      digest("SHA1", "SHA1(s STRING) -> STRING", "Gives the SHA-1 digest in hexadecimal.",
             "SHA1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d", "SHA1"),
      digest("SHA224", "SHA224(s STRING) -> STRING", "Gives the SHA-224 digest in hexadecimal.",
             "SHA224('abc')", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7", "SHA224"),
      digest("SHA256", "SHA256(s STRING) -> STRING", "Gives the SHA-256 digest in hexadecimal.",
             "SHA256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
             "SHA256"),
      digest("SHA384", "SHA384(s STRING) -> STRING", "Gives the SHA-384 digest in hexadecimal.",
             "SHA384('abc')",
             "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358bae"
             "ca134c825a7",
             "SHA384"),
      digest("SHA512", "SHA512(s STRING) -> STRING", "Gives the SHA-512 digest in hexadecimal.",
             "SHA512('abc')",
             "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
             "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
             "SHA512"),
      sha2_function(),
      scalar<crc32>("CRC32", "CRC32(s STRING) -> BIGINT",
                    "Gives the CRC-32 checksum of zlib (not in Flink).", "CRC32('abc')",
                    "891568578"),
      scalar<xxhash64>("XXHASH64", "XXHASH64(s STRING) -> BIGINT",
                       "Gives the 64-bit xxHash with seed 0 (not in Flink).", "XXHASH64('abc')",
                       "4952883123889572249"),
  };
  for (FunctionDescriptor& d : all) d.family = "hash";
  return all;
}

}  // namespace weir
