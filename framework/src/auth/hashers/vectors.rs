//! Hashes that Django 5.2 made, of every algorithm.

/// A password of several scripts.
pub(super) const UNICODE: &str = "Pässwörd → 日本 🎸";

/// A password longer than a block of SHA-256, and than what bcrypt looks at.
pub(super) const LONG: &str =
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// Made by `make_password(UNICODE, hasher=…)` with Django's own costs.
pub(super) const OF_DJANGO: [(&str, &str); 6] = [
    (
        "pbkdf2_sha256",
        "pbkdf2_sha256$1000000$hzc03n7gDSm3sR54ESrEf4$SS/uQ9XAW0gKRME8QprRTT9IoLziNCFrGWw+3qwKXr4=",
    ),
    ("pbkdf2_sha1", "pbkdf2_sha1$1000000$rAAiJfSU6oIOE2b2f8rWPC$aegXbW0ANVCzKg2+Q5iJvrr/c/I="),
    (
        "argon2",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$a3Jtb0Vra2QxVVJ2d3Qzb0R0anFtbg$wVCyQBgLTabIsZMQxdOM71xPlhC2Yu+LJSCVfBXhpsU",
    ),
    ("bcrypt_sha256", "bcrypt_sha256$$2b$12$gbx7b4IrC1n0.kJKqkteB.ImKJksC9ue2YVEsOxiZTAwGSfDdcAxK"),
    ("bcrypt", "bcrypt$$2b$12$mQK.OGqmXWvqR3rJ2yVfNODnaWb3T0T4Sm1kqIgXFFT.fEJyEqPd6"),
    (
        "scrypt",
        "scrypt$16384$xf7EFH3a6CJMsv7Ft4HvLS$8$5$N7f0+/Dp0shtcvV8M4zZDSE+Jxw6gH4vm1ktTKyZwz1BHjXXNw5MLvChNaey2CTcSpmKSXK20qKkHbVeFvvYVQ==",
    ),
];
