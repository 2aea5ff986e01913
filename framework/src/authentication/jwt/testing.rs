//! Keys made for these tests, and tokens that simplejwt signed with them.

use std::sync::LazyLock;

use super::backend::TokenBackend;
use crate::settings::Settings;

/// The settings of these tests.
pub(super) fn settings() -> Settings {
    let secret_key = "a key for tests, as long as a key should be".into();
    Settings { secret_key, ..Settings::default() }
}

/// A site's keys with HS256.
pub(super) fn backend() -> &'static TokenBackend {
    static BACKEND: LazyLock<TokenBackend> = LazyLock::new(|| backend_of(|_| {}));
    &BACKEND
}

/// The keys of a site with other settings.
pub(super) fn backend_of(change: impl FnOnce(&mut Settings)) -> TokenBackend {
    let mut settings = settings();
    change(&mut settings);
    TokenBackend::new(&settings).unwrap()
}

/// `AccessToken.for_user` with HS256 and `user_id` 3, good until 2100.
pub(super) const RECORDED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3MDQwNjcyMDAsImp0aSI6ImIyOTZlNGNkZTc5YTQzMjM5Y2JmNjliMzFjNzMxNTBhIiwidXNlcl9pZCI6IjMifQ.PGUFVxoi7PoGPr28HX6Ep5vIp21PwRO1O01h6gjqV8s";

/// `AccessToken.for_user` with RS256 and `user_id` 3, good until 2100.
pub(super) const RECORDED_RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3MDQwNjcyMDAsImp0aSI6IjdiODIxNWUyNWE2MDQ3NmFiNjU0ZDg3NTk1MmVkNjg5IiwidXNlcl9pZCI6IjMifQ.X7nFivtawGdnHjBTq19Q7cxZasNJLel6kiT1Lq79DKwxoTmEbXlFx09O27s4vWqSYPhMTJae8Xk2bkPpOQAHgh-ldelsr1inaCC2DJQ1TpU92r0gasBdcwLvbUf0IKpn1e7-QDaNMtee3jNQlLrMLE4kQA8rQCP6VLNqgAEzsjkryUU48phuQYhaPa9E3olev9h9j13WMVMANd9URjnovCd6Eo5VbaU1yqfY4CCvHA4XqoGx8Gd1HEhi-LV9SjPlKlpgaZVwF4RK0f1rj8N0EUU1PkdtdnjWjBi5gT9kJ4PUjQTNt1E_ZpWC8POscmOh6-LD5rQnHI0AyeXYdKL5lQ";

/// `AccessToken.for_user` with ES256 and `user_id` 3, good until 2100.
pub(super) const RECORDED_ES256: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3MDQwNjcyMDAsImp0aSI6ImMxNTRiNzVlNWE0YjQ4MjRhNzA5YTJmMTgwNTgyNjBkIiwidXNlcl9pZCI6IjMifQ.jR7tfqi0857JbFi9kowkcsbaO4u07Lrok9V4671RwfnBcm7Qev7vbcd_j-6t_guSphSxvQlkYIeC8NSV4pI3yw";

/// A private and a public key: RSA, 2048 bits.
pub(super) const RS256: (&str, &str) = (
    "-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCmkTHhiYOW3IPU
92kshlJN8emTcM/gxe12v2zBC/rCP+9z6wrkRKafAS0TEw5AlFvNCS4zeWHSelOK
H8w/KkQz36jhD2W59jRNlONr00aUyyoMbzXtq8mVfv8gvJKYAYYTVbExQJCi1Alz
5BE8Yq27ttBLcLHLIFRL2zfS/kFO0PPtwyqZqIxOBRP4pi4vczFRrOoQDcMLUtVp
9vanCMdHDbtja21Fhz/11ywWlYUVuIxNky2a/U+Eqx8VA5VOBsxi0EmkmJ4zfTGq
tlOg8a+sapbs5E9OoaHcgv+297pNAlOWHfa2UZ4HQ2+VtcpRZOErxEkofRGCEJYM
ZsWB+7K3AgMBAAECggEAGL+HSG9aHIF0b6FjAGPkuVgG0F/5QvhQKU3qfAmqSaTz
kFGNM2VP1wghs60nzPM+Fd9rUefoX5F1SsHMDbEwo6nI5HJD4bbHBqU8imTAc+h2
aD/jJLEFfoTOpgUz8rR8lfAsJ5k5juKE6lx/LcMA9TGwY8UWuuDO0DEowNyuGhDh
tBep8vhWY3iGVXSs0vtIY2BlUdNGwVToA41DLpIP+030NY5nddIy0cjeCI4TeXMa
BrcZAClZwMzGMUQLJuuWgLVjVH74+XKJPLP8Pow6hv9kMA5RKpp4DfgwzOIzqZUg
+VNL6iiY22BJ1x6OCw8b4i8Zj94VXzq5Rc0yTqBzgQKBgQDUwwvXhEYo9xleHWxd
2GIP745TfFKmsyQd+jlnVub6z/zrZFW8mY1DZjj4yMpoGe/RWi/klV0Kvs86w54i
8hoYFd9FyhGQAaE6mE2fOp4yTMjpFYtIqCA1H/7CFHsXOpV5n/CEfmWjzhbEQ5ts
QCjI4xmdIE81yNk7OPtv8U9SRwKBgQDIat08BNBRJsj1mkvya/TSwdTi3dHPfWs4
NpGZqIpwKrO4u79KRdr7Xp7fCBFlWP7MJkq4RKBkwXsZVhHd5a9tadQzF5D43u8j
pUneAy5E4v+3LhxipKhD0RY9ArOWY1gjKP+z+gmxsndxUl9/pEqZmXVBmY7JCks3
niRqvhDkEQKBgQCvHb6Aa2Gn1AGwIf2QnEnSHfUCKACLLkUa21omATPp2gis4g9j
ROstP1TDB9j4p+hoYpeqx3kmH/jGwD1HPAdYLaBwe6nK4lyGstaoqQGOGv7+QXo7
mg2wTB5ONbc+XjyrN4YqNzKHCVhZv9+L0J8BAVKSrgYkGaUahoMFFxOXfwKBgQC4
VcICUBMicN/pNe+gmzblGi6qM4ekpiCV5Wrpv6EFJeGDifuZXsLY7OCHFq6ZXs+M
CbQz47r6sRJ97TIlu/osUmhATe6jWLjvOjnEn3xRE9BLNXgaKoQxTAB+QRvYuKr6
O91kNhfwfstpSXBYwE11FTZKDejMdFFWaHfqTcLPYQKBgBYP8qzQHPHGpR9ERaI7
Hr2H5jHgrjOCS8pkvm/ytmgqn3yzwydKoifVy/HZZTZCI8k0rgRUNsmmrAGN2CzF
CPz4s2MVDsh+y7MqPHrYbZCVtoTFY919FIj7TyqMbzN9CXXJp0d0zUAkwH5a4xkc
fc6SqUokJBpzPcXqMP/Ikc8e
-----END PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAppEx4YmDltyD1PdpLIZS
TfHpk3DP4MXtdr9swQv6wj/vc+sK5ESmnwEtExMOQJRbzQkuM3lh0npTih/MPypE
M9+o4Q9lufY0TZTja9NGlMsqDG817avJlX7/ILySmAGGE1WxMUCQotQJc+QRPGKt
u7bQS3CxyyBUS9s30v5BTtDz7cMqmaiMTgUT+KYuL3MxUazqEA3DC1LVafb2pwjH
Rw27Y2ttRYc/9dcsFpWFFbiMTZMtmv1PhKsfFQOVTgbMYtBJpJieM30xqrZToPGv
rGqW7ORPTqGh3IL/tve6TQJTlh32tlGeB0NvlbXKUWThK8RJKH0RghCWDGbFgfuy
twIDAQAB
-----END PUBLIC KEY-----",
);

/// A private and a public key: RSA, 2048 bits, another one.
pub(super) const RS256_OTHER: (&str, &str) = (
    "-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDfVlnqHMC+Vk9e
MKGCEH2+FXb+GRAxSjV9jS/QxBekKBmoIkCQ5OpxS/0KXl4D2tnawn5cx1NS0z40
Zka+iEQtexO0e4ew4q/S+/7bk1+cxgV9mkSQowyXr3EJw1oG6jG5m5x9Kvy9rtxt
VbzOgbkOY0lYV7RjPVls/wqCYnzIo1wRI8Th5MS1FI3YSbFEmePp9pbE0OGk0GGk
bJWwwKBrlAgRaljEk79pB7Z7FHR9Tmt3k5vJNL1tHVagY1GngcUmGlLCvyqnCbVc
qBeIB6l35pN/KQ2E6meGV41/f4Db96j1qMIDmMKs/9JPlMGg3jH4o+FvDyB6RnXK
l4hDs1anAgMBAAECggEAIjKDtBBRBxQKNR73LAZAasG4pbHKw/Fb/WyH/Mx53j3x
p8gO4ODccRq0lUjb1nVFVHThim1O+ei0pqtee8A7yEcHPmSH43Lif0jsvkxzoHrF
znS3uPnubK+FfHw4JcTodkY4kQXrC1RiFi/BqFE+t9BGI8vSKDv1nHX08wAHoWTw
8PIviYpFf2i7AkYK63yH0W10sfH8LYHoTRf73CxaIEZmLJpqV2O05NMdAOEWDCu3
RjMhV/RPArBh5bG+KngEixTeUagsCyfM/uCtY7GpDujVumU5t/6XiwAIqMMmRneX
sg7y9sh4WIhb0+TwjRW6poOaT1Yan0WjLiZJ3kMs6QKBgQDytZiO+PiSk1qCoszP
+VOoAh7aA4t77dKznQEX8bwcBdwuMSDc5/Pxutx968HkPKQs7t0uK426Oc7BatFB
82/TVtUmoMP+Iq4kQOEya4A734KEdEt8Sypk08gH1l7uo/zA7x9wKZZnrsyvTXE0
huYC+NYdmCyYaGACdmdgKNME0wKBgQDrkTCIfrn22l4RJx+8Sj4QFE0ITrXsBCIW
pfy5kJUuSF4RQoOFqbQg1OtfO/oLDfs0NFAXQol41JNeyv74Ww78Khp1DfFVmz6o
ymf2eYowiJo6LNjRwxd/okUkPY2t9WaIKkk18yBNPhyTeoek02ZR8VUuK2q1caKh
qWhOJyVSXQKBgQDCqVlhmlgrn1mhmxcv2uX4wzKhYuR1kipC+rLM1Iot45lTxv13
j+X8xAViTTtmZii7DR2CkVYLvZ+RS63n+mp/E47De3+WjZQj6ZF00fm4i6xvtaJx
XwvycFVny8y6E/Z9e4w4dnJ2WCE8nJ0mJufGDHQWql1iI5yVfQeufS+6FwKBgDXD
553fvrYW1Q15LocdMtkcqRBSVrdNojIlJG9+Dm6H2eB6m+Yv+4razfXojINlZ4Zc
wkLszs+jRReHoXYx4lOvkGZTDlgJnN2NhPj+eInnQ7wvbDVEH+LjuIAzBFlF/2bo
r9j+asr2eDM47iiyj1H4kQZ+plZPX10ie0oLKTuJAoGBALw4faOFuKEviDX3d1F8
nIt7f+wFxbCkQZIKmxXcTThGV6usGi/OkcnLI7msoqX4z4ahxBsu2Wc66DXtyhSc
l9HX9vUnrrLTHxV81rtoh/XPGCjCfIQuqNKP6y1R3Bjhem9oowGd2PSt+osPB7WX
uFwrgMwjJxSZzoWdv00b63v6
-----END PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA31ZZ6hzAvlZPXjChghB9
vhV2/hkQMUo1fY0v0MQXpCgZqCJAkOTqcUv9Cl5eA9rZ2sJ+XMdTUtM+NGZGvohE
LXsTtHuHsOKv0vv+25NfnMYFfZpEkKMMl69xCcNaBuoxuZucfSr8va7cbVW8zoG5
DmNJWFe0Yz1ZbP8KgmJ8yKNcESPE4eTEtRSN2EmxRJnj6faWxNDhpNBhpGyVsMCg
a5QIEWpYxJO/aQe2exR0fU5rd5ObyTS9bR1WoGNRp4HFJhpSwr8qpwm1XKgXiAep
d+aTfykNhOpnhleNf3+A2/eo9ajCA5jCrP/ST5TBoN4x+KPhbw8gekZ1ypeIQ7NW
pwIDAQAB
-----END PUBLIC KEY-----",
);

/// A private and a public key: the curve P-256.
pub(super) const ES256: (&str, &str) = (
    "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgU82WsRnMXnBCsBVx
uzwb9kwUxEjiNpwvj2VglAVlnYGhRANCAAR3CRmWqxr0RNOprjb/s2od01GOe5kE
amXDgDDvBwRtT6XbOgSistVyum28LMT1j0FRxTa5h80FgZrNfBkNVjxD
-----END PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdwkZlqsa9ETTqa42/7NqHdNRjnuZ
BGplw4Aw7wcEbU+l2zoEorLVcrptvCzE9Y9BUcU2uYfNBYGazXwZDVY8Qw==
-----END PUBLIC KEY-----",
);

/// A private and a public key: the curve P-384.
pub(super) const ES384: (&str, &str) = (
    "-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDlWu2sk0yvWyKWhQ8u
p19knzSGgaiRA1Eo1sf3qWTW9NC5zciG1C8IPo0kprnD1V6hZANiAATZ1Nnhl8AG
41n83cMZH4Uw3DVCB7r0BwKlbIJO4qDkavbfuEUu8wIo2637YiNrX3uLGR2NTZCN
5Rf4tHvHyDRIse2G99OJMm0aQQl+1ozWv14X3bi7Mom2EFMzjH6Hmts=
-----END PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE2dTZ4ZfABuNZ/N3DGR+FMNw1Qge69AcC
pWyCTuKg5Gr237hFLvMCKNut+2Ija197ixkdjU2QjeUX+LR7x8g0SLHthvfTiTJt
GkEJftaM1r9eF924uzKJthBTM4x+h5rb
-----END PUBLIC KEY-----",
);
