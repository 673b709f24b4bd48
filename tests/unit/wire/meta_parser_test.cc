// Claims about the lines of the meta commands: keys, flags, values, and what is refused.
#include <doctest/doctest.h>

#include <string>

#include "ringcached/limits.h"
#include "transcript.h"

using namespace ringcached;
using namespace ringcached::wire;
using namespace ringcached::wire::testing;

namespace {

const std::string bad_format = "say CLIENT_ERROR bad command line format";
const std::string invalid_flag = "say CLIENT_ERROR invalid flag";
const std::string duplicate_flag = "say CLIENT_ERROR duplicate flag";
const std::string bad_token = "say CLIENT_ERROR bad token in command line format";
const std::string bad_key = "say CLIENT_ERROR error decoding key";
const std::string too_many = "say CLIENT_ERROR options flags are too long";
const std::string bad_ma = "say CLIENT_ERROR invalid or duplicate flag";

/// One line that means one operation.
void check_line(const std::string& line, const std::string& expected) {
  check_reads(line + "\r\n", {expected});
}

}  // namespace

TEST_CASE("every command of the meta protocol is read") {
  check_line("mg k", "mg k");
  check_line("md k", "md k");
  check_line("ma k", "ma k +1");
  check_line("me k", "me k");
  check_line("mn", "say MN");
  check_reads("ms k 3\r\nabc\r\n", {"ms set k flags=0 exptime=0 value=abc"});
  check_reads("mg a\nmg b\n", {"mg a", "mg b"});
}

TEST_CASE("every flag that asks for something is noted, in any order") {
  check_line("mg k s v q t k f c h l u", "mg k asks=uvq steps=t echo=s v q t k f c h l u");
  check_line("mg k T30 N60 R5", "mg k asks=TN steps=TNR T=30 N=60 R=5 echo=T30 N60 R5");
  check_line("mg k t T30 R5 N-1", "mg k asks=TN steps=tTRN T=30 N=-1 R=5 echo=t T30 R5 N-1");
  check_line("mg k C12 E34 v", "mg k asks=CEv C=12 E=34 echo=C12 E34 v");
  check_line("md k I T5 x F7 C3 E4 q",
             "md k asks=CETIxq steps=T T=5 C=3 E=4 F=7 echo=I T5 x F7 C3 E4 q");
  check_line("ma k MD D5 J9 N0", "ma k -5 asks=N steps=N J=9 echo=MD D5 J9 N0");
}

TEST_CASE("spaces between words do not count, and the flags are repeated as they came") {
  check_line("mg   k    v   t ", "mg k asks=v steps=t echo=v   t");
  check_line("mg k ", "mg k");
}

TEST_CASE("flags without a meaning, and words behind those that take none, are passed over") {
  check_line("mg k P L Oabc", "mg k echo=P L Oabc");
  check_line("mg k Pxyz v0 k55", "mg k asks=v echo=Pxyz v0 k55");
  check_line("md k v s t c f h l u", "md k asks=uv steps=t echo=v s t c f h l u");
  check_line("mg k MX J5 D5 F5 I x", "mg k asks=Ix F=5 J=5 echo=MX J5 D5 F5 I x");
}

TEST_CASE("numbers may carry a plus sign and nothing else that is no digit") {
  check_line("mg k T+5", "mg k asks=T steps=T T=5 echo=T+5");
  check_line("mg k C+5", "mg k asks=C C=5 echo=C+5");
  for (const char* flag :
       {"T", "Tx", "T5x", "T++5", "T+-5", "T1.5", "T2147483648", "T-2147483649", "N", "Nx", "R",
        "R-", "C", "C-1", "Cx", "C18446744073709551616", "E", "E-1"}) {
    CAPTURE(flag);
    check_line("mg k " + std::string(flag), bad_token);
  }
  check_line("mg k T2147483647 N-2147483648",
             "mg k asks=TN steps=TN T=2147483647 N=-2147483648 echo=T2147483647 N-2147483648");
  check_line("mg k C18446744073709551615",
             "mg k asks=C C=18446744073709551615 echo=C18446744073709551615");
}

TEST_CASE("each flag has its own complaint") {
  check_line("mg k a", invalid_flag);
  check_line("mg k 5", invalid_flag);
  check_line("mg k \x01", invalid_flag);
  check_line("mg k v v", duplicate_flag);
  check_line("mg k \x7f", duplicate_flag);
  check_line("mg k \x80", duplicate_flag);
  check_line("mg k F", bad_format);
  check_line("mg k F-1", bad_format);
  check_line("mg k F4294967296", bad_format);
  check_line("mg k F4294967295", "mg k F=4294967295 echo=F4294967295");
  check_line("mg k Jx", "say CLIENT_ERROR invalid numeric initial value");
  check_line("mg k Dx", "say CLIENT_ERROR invalid numeric delta value");
}

TEST_CASE("the last complaint counts, but one about client flags only if there is no other") {
  check_line("mg k Tx Dx", "say CLIENT_ERROR invalid numeric delta value");
  check_line("mg k Dx Tx", bad_token);
  check_line("mg k Tx Fx", bad_token);
  check_line("mg k Fx Tx", bad_token);
  check_line("mg k Tx a", invalid_flag);
  check_line("mg k Tx v v", duplicate_flag);
}

TEST_CASE("ma has one complaint for all flags") {
  for (const char* flags : {"a", "v v", "Tx", "Fx", "Jx", "Dx", "D-1", "b"}) {
    CAPTURE(flags);
    check_line("ma !!! " + std::string(flags), bad_ma);
  }
  check_line("ma " + std::string(key_size_max + 1, 'k'), bad_ma);
  check_line("ma k MX", "say CLIENT_ERROR invalid mode for ma M token");
  check_line("ma k M", "say CLIENT_ERROR invalid mode for ma M token");
}

TEST_CASE("only the first character of a mode counts") {
  check_line("ma k MInc", "ma k +1 echo=MInc");
  check_line("ma k M+", "ma k +1 echo=M+");
  check_line("ma k M- D7", "ma k -7 echo=M- D7");
  check_reads("ms k 1 ME\r\na\r\n", {"ms add k flags=0 exptime=0 echo=ME value=a"});
  check_reads("ms k 1 MReplace\r\na\r\n", {"ms replace k flags=0 exptime=0 echo=MReplace value=a"});
  check_reads("ms k 1 MA\r\na\r\n", {"ms append k flags=0 exptime=0 echo=MA value=a"});
  check_reads("ms k 1 MP\r\na\r\n", {"ms prepend k flags=0 exptime=0 echo=MP value=a"});
  check_reads("ms k 1 MS\r\na\r\n", {"ms set k flags=0 exptime=0 echo=MS value=a"});
}

TEST_CASE("a cas id turns set and replace into cas, and is kept by the other modes") {
  check_reads("ms k 1 C5\r\na\r\n", {"ms cas k flags=0 exptime=0 asks=C C=5 echo=C5 value=a"});
  check_reads("ms k 1 C5 MR\r\na\r\n",
              {"ms cas k flags=0 exptime=0 asks=C C=5 echo=C5 MR value=a"});
  check_reads("ms k 1 C5 ME\r\na\r\n",
              {"ms add k flags=0 exptime=0 asks=C C=5 echo=C5 ME value=a"});
  check_reads("ms k 1 C5 MA\r\na\r\n",
              {"ms append k flags=0 exptime=0 asks=C C=5 echo=C5 MA value=a"});
}

TEST_CASE("what is joined to nothing lives as long as N says, what is set as long as T says") {
  check_reads("ms k 1 T5 N7\r\na\r\n",
              {"ms set k flags=0 exptime=5 asks=TN steps=TN T=5 N=7 echo=T5 N7 value=a"});
  check_reads("ms k 1 T5 N7 MA\r\na\r\n",
              {"ms append k flags=0 exptime=7 asks=TN steps=TN T=5 N=7 echo=T5 N7 MA value=a"});
}

TEST_CASE("keys in base64 are decoded") {
  check_line("mg Zm9v b k", "mg foo asks=b echo=b k");
  check_line("md Zm9v b", "md foo asks=b echo=b");
  check_line("ma Zm9v k b", "ma foo +1 asks=b echo=k b");
  check_reads("ms Zm9v 1 b\r\na\r\n", {"ms set foo flags=0 exptime=0 asks=b echo=b value=a"});
  check_line("mg Zm9v k", "mg Zm9v echo=k");
  check_line("mg foo b", bad_key);
  check_line("mg ==== b", bad_key);
  check_line("mg foo b Tx", bad_token);
  check_line("mg foo Tx b", bad_key);
  const std::string longest(248, 'A');
  check_line("mg " + longest + " b", "mg " + std::string(186, '\0') + " asks=b echo=b");
  check_line("mg " + std::string(252, 'A') + " b", bad_format);
}

TEST_CASE("me looks for base64 only in front of a fourth word") {
  check_line("me Zm9v b", "me Zm9v echo=b");
  check_line("me Zm9v b x", "me foo echo=b x");
  check_line("me Zm9v x b", "me Zm9v echo=x b");
  check_line("me foo b x", bad_format);
  check_line("me k v v v", "me k echo=v v v");
}

TEST_CASE("lines with too few or too many words, and keys too long, are malformed") {
  for (const char* line : {"mg", "mg ", "md", "ma", "me", "ms", "ms k", "ms k "}) {
    CAPTURE(line);
    check_line(line, bad_format);
  }
  const std::string long_key(key_size_max + 1, 'k');
  for (const char* name : {"mg ", "md ", "me "}) check_line(name + long_key, bad_format);
  const std::string longest(key_size_max, 'k');
  check_line("mg " + longest, "mg " + longest);

  const std::string eighteen = " s v k t c f O1 u h l R1 T0 N0 P L C1 q I";
  check_line("md k" + eighteen, "md k asks=CTNuvIq steps=tRTN R=1 C=1 echo=" + eighteen.substr(1));
  check_line("md k" + eighteen + " x", too_many);
  check_line("mg k" + eighteen + " x", too_many);
  check_line("ma k" + eighteen + " x", bad_ma);
  check_line("mg k" + eighteen + " x E1 J1 D1 b v v v v", too_many);
}

TEST_CASE("an opaque of more than 31 bytes is too long, and that is said last") {
  const std::string longest = "O" + std::string(31, 'o');
  check_line("mg k " + longest, "mg k echo=" + longest);
  for (const char* name : {"mg", "md", "ma"}) {
    check_line(std::string(name) + " k " + longest + "o", "say CLIENT_ERROR opaque token too long");
  }
  check_line("mg k " + longest + "o a", invalid_flag);
  check_line("ma k " + longest + "o MX", "say CLIENT_ERROR invalid mode for ma M token");
  check_line("mg k O", "mg k echo=O");
}

TEST_CASE("a refused ms drops its value and says so once") {
  const auto refused = [](const std::string& words, const std::string& complaint) {
    CAPTURE(words);
    check_reads("ms " + words + "\r\nabc\r\nmn\r\n", {complaint, "say MN"});
  };
  refused("k 3 a", invalid_flag);
  refused("k 3 v v", duplicate_flag);
  refused("k 3 Tx", bad_token);
  refused("k 3 Fx", bad_format);
  refused("foo 3 b", bad_key);
  refused("k 3 MX", "say CLIENT_ERROR invalid mode for ms M token");
  refused("k 3 q MX", "say CLIENT_ERROR invalid mode for ms M token");
  refused("k 3 M", "say CLIENT_ERROR invalid mode for ms M token");
  refused("k 3 O" + std::string(32, 'o'), "say CLIENT_ERROR opaque token too long");
  refused(std::string(key_size_max + 1, 'k') + " 3", bad_format);
}

TEST_CASE("without a usable size what follows an ms is read as commands") {
  for (const char* words : {"k S3", "k x", "k -1", "k 2147483646", "k 1.5", "k +3"}) {
    CAPTURE(words);
    check_reads("ms " + std::string(words) + "\r\nabc\r\n", {bad_format, "say ERROR"});
  }
}

TEST_CASE("a value that does not end in CRLF is complained of, quiet or not") {
  const std::string complaint = "say CLIENT_ERROR bad data chunk";
  check_reads("ms k 3\r\nabcde\r\n", {complaint, bad_format});
  check_reads("ms k 3 q\r\nabcdemn\r\n", {complaint, "say MN"});
  const std::string large(whole_value_max + 1, 'v');
  const std::string line = "ms k " + std::to_string(large.size()) + " q\r\n";
  check_reads(line + large + "xxmn\r\n", {complaint, "say MN"});
}

TEST_CASE("a large value of ms is filled as it comes") {
  const std::string large(whole_value_max + 1, 'v');
  check_reads(
      "ms Zm9v " + std::to_string(large.size()) + " F5 T9 b k c\r\n" + large + "\r\nmn\r\n",
      {"ms set foo flags=5 exptime=9 asks=bT steps=T T=9 F=5 echo=F5 T9 b k c value=" + large,
       "say MN"});
}

TEST_CASE("a value that is too large is refused as the partition wants to hear of it") {
  ParserRules rules;
  rules.item_size_max = 1024;
  check_reads("ms k 1000 ME q\r\n" + std::string(1000, 'v') + "\r\nmn\r\n",
              {"refuse ms add k flags=0 exptime=0 asks=q echo=ME q size=1000", "say MN"}, rules);
}
