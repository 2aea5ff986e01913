//! SHA-256's compression function, unrolled, for builds without optimisation.
//!
//! In a debug build the crate `sha2` is many times slower than in a release, because each of its
//! steps is a call. A user's workspace can have dependencies optimised, but a dependency cannot ask
//! for it, and nobody should wait for a login while trying a project out. So this code is what a
//! compiler translates well without optimisation: only calls that are always inlined, no loop, and
//! no checked index. Variables are reassigned rather than shadowed, because lints that follow a
//! value back through its bindings would never end. It takes twice as long as the same code
//! optimised. A release build uses `sha2`, and with it the processor's instructions for SHA-256.

/// FIPS 180-4, section 4.2.2.
#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// A rotation to the right, by a number that the compiler sees.
macro_rules! rotr {
    ($x:ident, $by:literal) => {
        ($x >> $by) | ($x << const { 32 - $by })
    };
}

macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $w:ident, $at:expr) => {
        let sum = $h
            .wrapping_add(rotr!($e, 6) ^ rotr!($e, 11) ^ rotr!($e, 25))
            .wrapping_add($g ^ ($e & ($f ^ $g)))
            .wrapping_add(const { K[$at] })
            .wrapping_add($w);
        $d = $d.wrapping_add(sum);
        $h = sum
            .wrapping_add(rotr!($a, 2) ^ rotr!($a, 13) ^ rotr!($a, 22))
            .wrapping_add(($a & $b) | ($c & ($a | $b)));
    };
}

macro_rules! sixteen_rounds {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident; $at:expr;
     $w0:ident $w1:ident $w2:ident $w3:ident $w4:ident $w5:ident $w6:ident $w7:ident $w8:ident $w9:ident $w10:ident $w11:ident $w12:ident $w13:ident $w14:ident $w15:ident) => {
        round!($a $b $c $d $e $f $g $h, $w0, $at + 0);
        round!($h $a $b $c $d $e $f $g, $w1, $at + 1);
        round!($g $h $a $b $c $d $e $f, $w2, $at + 2);
        round!($f $g $h $a $b $c $d $e, $w3, $at + 3);
        round!($e $f $g $h $a $b $c $d, $w4, $at + 4);
        round!($d $e $f $g $h $a $b $c, $w5, $at + 5);
        round!($c $d $e $f $g $h $a $b, $w6, $at + 6);
        round!($b $c $d $e $f $g $h $a, $w7, $at + 7);
        round!($a $b $c $d $e $f $g $h, $w8, $at + 8);
        round!($h $a $b $c $d $e $f $g, $w9, $at + 9);
        round!($g $h $a $b $c $d $e $f, $w10, $at + 10);
        round!($f $g $h $a $b $c $d $e, $w11, $at + 11);
        round!($e $f $g $h $a $b $c $d, $w12, $at + 12);
        round!($d $e $f $g $h $a $b $c, $w13, $at + 13);
        round!($c $d $e $f $g $h $a $b, $w14, $at + 14);
        round!($b $c $d $e $f $g $h $a, $w15, $at + 15);
    };
}

macro_rules! next {
    ($w:ident $w1:ident $w9:ident $w14:ident) => {
        $w = $w
            .wrapping_add(rotr!($w1, 7) ^ rotr!($w1, 18) ^ ($w1 >> 3))
            .wrapping_add($w9)
            .wrapping_add(rotr!($w14, 17) ^ rotr!($w14, 19) ^ ($w14 >> 10));
    };
}

macro_rules! next_sixteen {
    ($w0:ident $w1:ident $w2:ident $w3:ident $w4:ident $w5:ident $w6:ident $w7:ident $w8:ident $w9:ident $w10:ident $w11:ident $w12:ident $w13:ident $w14:ident $w15:ident) => {
        next!($w0 $w1 $w9 $w14);
        next!($w1 $w2 $w10 $w15);
        next!($w2 $w3 $w11 $w0);
        next!($w3 $w4 $w12 $w1);
        next!($w4 $w5 $w13 $w2);
        next!($w5 $w6 $w14 $w3);
        next!($w6 $w7 $w15 $w4);
        next!($w7 $w8 $w0 $w5);
        next!($w8 $w9 $w1 $w6);
        next!($w9 $w10 $w2 $w7);
        next!($w10 $w11 $w3 $w8);
        next!($w11 $w12 $w4 $w9);
        next!($w12 $w13 $w5 $w10);
        next!($w13 $w14 $w6 $w11);
        next!($w14 $w15 $w7 $w12);
        next!($w15 $w0 $w8 $w13);
    };
}

/// The state after a block.
#[allow(clippy::many_single_char_names, reason = "the names are those of the standard")]
pub(super) fn compress(state: &[u32; 8], block: &[u32; 16]) -> [u32; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    #[rustfmt::skip]
    let [
        mut w0, mut w1, mut w2, mut w3, mut w4, mut w5, mut w6, mut w7,
        mut w8, mut w9, mut w10, mut w11, mut w12, mut w13, mut w14, mut w15,
    ] = *block;
    sixteen_rounds!(a b c d e f g h; 0; w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15);
    next_sixteen!(w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15);
    sixteen_rounds!(a b c d e f g h; 16; w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15);
    next_sixteen!(w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15);
    sixteen_rounds!(a b c d e f g h; 32; w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15);
    next_sixteen!(w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15);
    sixteen_rounds!(a b c d e f g h; 48; w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15);
    let [s0, s1, s2, s3, s4, s5, s6, s7] = *state;
    [
        a.wrapping_add(s0),
        b.wrapping_add(s1),
        c.wrapping_add(s2),
        d.wrapping_add(s3),
        e.wrapping_add(s4),
        f.wrapping_add(s5),
        g.wrapping_add(s6),
        h.wrapping_add(s7),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_function_of_the_crate() {
        let (mut state, mut block) = ([1_u32; 8], [2_u32; 16]);
        for _ in 0..1000 {
            let bytes: Vec<u8> = block.iter().flat_map(|word| word.to_be_bytes()).collect();
            let mut expected = state;
            sha2::block_api::compress256(&mut expected, bytes.as_chunks().0);
            state = compress(&state, &block);
            assert_eq!(state, expected);
            block.rotate_left(3);
            block[..8].copy_from_slice(&state);
        }
    }
}
