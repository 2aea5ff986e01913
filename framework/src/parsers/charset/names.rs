//! The names of charsets as Python's `codecs.lookup` knows them (3.11).

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, GB18030, GBK, IBM866, ISO_2022_JP, ISO_8859_2, ISO_8859_3, ISO_8859_4,
    ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_10, ISO_8859_13, ISO_8859_14,
    ISO_8859_15, ISO_8859_16, KOI8_R, KOI8_U, MACINTOSH, SHIFT_JIS, WINDOWS_874, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
    WINDOWS_1257, WINDOWS_1258, X_MAC_CYRILLIC,
};

use super::{Charset, Order};

/// The meaning of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Known(Charset),
    /// Python knows it, but it does not encode text (`hex`), or it is not supported here.
    Refused,
    /// Python does not know it.
    Unknown,
}

/// Looks up a name, ignoring case and punctuation.
pub(super) fn find(name: &str) -> Named {
    let name = normalized(name);
    let dotless = name.replace('.', "_");
    let is = |one: &str| one == name || one == dotless;
    if let Some((_, charset)) = CHARSETS.iter().find(|(names, _)| names.split(' ').any(is)) {
        return Named::Known(*charset);
    }
    if REFUSED.split(' ').any(is) { Named::Refused } else { Named::Unknown }
}

/// `encodings.normalize_encoding`: runs of punctuation are one underscore, letters are lower case.
fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut gap = false;
    for c in name.chars() {
        if c.is_alphanumeric() || c == '.' {
            if gap && !out.is_empty() {
                out.push('_');
            }
            gap = false;
            if c.is_ascii() {
                out.push(c.to_ascii_lowercase());
            }
        } else {
            gap = true;
        }
    }
    out
}

/// Names and aliases of the supported charsets.
#[rustfmt::skip]
const CHARSETS: &[(&str, Charset)] = &[
    ("cp65001 u8 utf utf8 utf8_ucs2 utf8_ucs4 utf_8", Charset::Utf8),
    ("utf_8_sig", Charset::Utf8Sig),
    ("646 ansi_x3.4_1968 ansi_x3.4_1986 ansi_x3_4_1968 ascii cp367 csascii ibm367 iso646_us iso_646.irv_1991 iso_ir_6 us us_ascii", Charset::Ascii),
    ("8859 cp819 csisolatin1 ibm819 iso8859 iso8859_1 iso_8859_1 iso_8859_1_1987 iso_ir_100 l1 latin latin1 latin_1", Charset::Latin1),
    ("u16 utf16 utf_16", Charset::Utf16(None)),
    ("unicodelittleunmarked utf_16_le utf_16le", Charset::Utf16(Some(Order::Little))),
    ("unicodebigunmarked utf_16_be utf_16be", Charset::Utf16(Some(Order::Big))),
    ("u32 utf32 utf_32", Charset::Utf32(None)),
    ("utf_32_le utf_32le", Charset::Utf32(Some(Order::Little))),
    ("utf_32_be utf_32be", Charset::Utf32(Some(Order::Big))),
    ("csisolatin2 iso8859_2 iso_8859_2 iso_8859_2_1987 iso_ir_101 l2 latin2", Charset::Iso(ISO_8859_2)),
    ("csisolatin3 iso8859_3 iso_8859_3 iso_8859_3_1988 iso_ir_109 l3 latin3", Charset::Iso(ISO_8859_3)),
    ("csisolatin4 iso8859_4 iso_8859_4 iso_8859_4_1988 iso_ir_110 l4 latin4", Charset::Iso(ISO_8859_4)),
    ("csisolatincyrillic cyrillic iso8859_5 iso_8859_5 iso_8859_5_1988 iso_ir_144", Charset::Iso(ISO_8859_5)),
    ("arabic asmo_708 csisolatinarabic ecma_114 iso8859_6 iso_8859_6 iso_8859_6_1987 iso_ir_127", Charset::Iso(ISO_8859_6)),
    ("csisolatingreek ecma_118 elot_928 greek greek8 iso8859_7 iso_8859_7 iso_8859_7_1987 iso_ir_126", Charset::Iso(ISO_8859_7)),
    ("csisolatinhebrew hebrew iso8859_8 iso_8859_8 iso_8859_8_1988 iso_ir_138", Charset::Iso(ISO_8859_8)),
    ("csisolatin5 iso8859_9 iso_8859_9 iso_8859_9_1989 iso_ir_148 l5 latin5", Charset::Iso(WINDOWS_1254)),
    ("csisolatin6 iso8859_10 iso_8859_10 iso_8859_10_1992 iso_ir_157 l6 latin6", Charset::Iso(ISO_8859_10)),
    ("iso8859_11 iso_8859_11 iso_8859_11_2001 thai", Charset::Iso(WINDOWS_874)),
    ("iso8859_13 iso_8859_13 l7 latin7", Charset::Iso(ISO_8859_13)),
    ("iso8859_14 iso_8859_14 iso_8859_14_1998 iso_celtic iso_ir_199 l8 latin8", Charset::Iso(ISO_8859_14)),
    ("iso8859_15 iso_8859_15 l9 latin9", Charset::Iso(ISO_8859_15)),
    ("iso8859_16 iso_8859_16 iso_8859_16_2001 iso_ir_226 l10 latin10", Charset::Iso(ISO_8859_16)),
    ("1250 cp1250 windows_1250", Charset::Table(WINDOWS_1250)),
    ("1251 cp1251 windows_1251", Charset::Table(WINDOWS_1251)),
    ("1252 cp1252 windows_1252", Charset::Table(WINDOWS_1252)),
    ("1253 cp1253 windows_1253", Charset::Table(WINDOWS_1253)),
    ("1254 cp1254 windows_1254", Charset::Table(WINDOWS_1254)),
    ("1255 cp1255 windows_1255", Charset::Table(WINDOWS_1255)),
    ("1256 cp1256 windows_1256", Charset::Table(WINDOWS_1256)),
    ("1257 cp1257 windows_1257", Charset::Table(WINDOWS_1257)),
    ("1258 cp1258 windows_1258", Charset::Table(WINDOWS_1258)),
    ("cp874", Charset::Table(WINDOWS_874)),
    ("866 cp866 csibm866 ibm866", Charset::Table(IBM866)),
    ("cskoi8r koi8_r", Charset::Table(KOI8_R)),
    ("koi8_u", Charset::Table(KOI8_U)),
    ("mac_roman macintosh macroman", Charset::Table(MACINTOSH)),
    ("mac_cyrillic maccyrillic", Charset::Table(X_MAC_CYRILLIC)),
    ("936 cp936 gbk ms936", Charset::Multi(GBK, "gbk")),
    ("chinese csiso58gb231280 euc_cn euccn eucgb2312_cn gb2312 gb2312_1980 gb2312_80 iso_ir_58 x_mac_simp_chinese", Charset::Multi(GBK, "gb2312")),
    ("gb18030 gb18030_2000", Charset::Multi(GB18030, "gb18030")),
    ("big5 big5_tw csbig5 x_mac_trad_chinese", Charset::Multi(BIG5, "big5")),
    ("big5_hkscs big5hkscs hkscs", Charset::Multi(BIG5, "big5hkscs")),
    ("950 cp950 ms950", Charset::Multi(BIG5, "cp950")),
    ("euc_jp eucjp u_jis ujis", Charset::Multi(EUC_JP, "euc_jp")),
    ("euc_kr euckr korean ks_c_5601 ks_c_5601_1987 ks_x_1001 ksc5601 ksx1001 x_mac_korean", Charset::Multi(EUC_KR, "euc_kr")),
    ("949 cp949 ms949 uhc", Charset::Multi(EUC_KR, "cp949")),
    ("csshiftjis s_jis shift_jis shiftjis sjis x_mac_japanese", Charset::Multi(SHIFT_JIS, "shift_jis")),
    ("932 cp932 ms932 ms_kanji mskanji", Charset::Multi(SHIFT_JIS, "cp932")),
    ("csiso2022jp iso2022_jp iso2022jp iso_2022_jp", Charset::Multi(ISO_2022_JP, "iso2022_jp")),
];

/// Names that are refused: codecs that do not decode bytes to text, and encodings that API clients
/// do not send.
const REFUSED: &str = "\
    037 1026 1125 1140 273 424 437 500 775 850 852 855 857 858 860 861 862 863 864 865 869 base64 \
    base64_codec base_64 bz2 bz2_codec charmap cp037 cp1006 cp1026 cp1051 cp1125 cp1140 cp1361 \
    cp154 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 \
    cp861 cp862 cp863 cp864 cp865 cp866u cp869 cp875 cp_gr cp_is csibm037 csibm1026 csibm273 \
    csibm424 csibm500 csibm855 csibm857 csibm858 csibm860 csibm861 csibm863 csibm864 csibm865 \
    csibm869 csiso2022kr cspc775baltic cspc850multilingual cspc862latinhebrew cspc8codepage437 \
    cspcp852 csptcp154 cyrillic_asian ebcdic_cp_be ebcdic_cp_ca ebcdic_cp_ch ebcdic_cp_he \
    ebcdic_cp_nl ebcdic_cp_us ebcdic_cp_wt euc_jis2004 euc_jis_2004 euc_jisx0213 eucjis2004 \
    eucjisx0213 hex hex_codec hp_roman8 hz hz_gb hz_gb_2312 hzgb ibm037 ibm039 ibm1026 ibm1051 \
    ibm1125 ibm1140 ibm273 ibm424 ibm437 ibm500 ibm775 ibm850 ibm852 ibm855 ibm857 ibm858 ibm860 \
    ibm861 ibm862 ibm863 ibm864 ibm865 ibm869 idna iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 \
    iso2022_jp_3 iso2022_jp_ext iso2022_kr iso2022jp_1 iso2022jp_2 iso2022jp_2004 iso2022jp_3 \
    iso2022jp_ext iso2022kr iso_2022_jp_1 iso_2022_jp_2 iso_2022_jp_2004 iso_2022_jp_3 \
    iso_2022_jp_ext iso_2022_kr iso_ir_166 jisx0213 johab koi8_t kz1048 kz_1048 mac_arabic \
    mac_centeuro mac_croatian mac_farsi mac_greek mac_iceland mac_latin2 mac_romanian mac_turkish \
    maccentraleurope macgreek maciceland maclatin2 macturkish ms1361 palmos pt154 ptcp154 punycode \
    quopri quopri_codec quoted_printable quotedprintable r8 raw_unicode_escape rk1048 roman8 rot13 \
    rot_13 ruscii s_jis_2004 s_jisx0213 shift_jis_2004 shift_jisx0213 shiftjis2004 shiftjisx0213 \
    sjis_2004 sjisx0213 strk1048_2002 tis620 tis_620 tis_620_0 tis_620_2529_0 tis_620_2529_1 u7 \
    undefined unicode_1_1_utf_7 unicode_escape utf7 utf_7 uu uu_codec zip zlib zlib_codec";
