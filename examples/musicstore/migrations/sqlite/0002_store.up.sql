-- The tables of the music store, as Django 5.2 makes them.

CREATE TABLE "store_artist" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(120) NOT NULL
);

CREATE TABLE "store_album" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "title" varchar(160) NOT NULL,
    "artist_id" bigint NOT NULL REFERENCES "store_artist" ("id") DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT "album_artist_title_uniq" UNIQUE ("artist_id", "title")
);
CREATE INDEX "store_album_artist_id_397bdb05" ON "store_album" ("artist_id");

CREATE TABLE "store_genre" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(120) NOT NULL UNIQUE
);

CREATE TABLE "store_mediatype" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(120) NOT NULL UNIQUE
);

CREATE TABLE "store_track" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(200) NOT NULL,
    "composer" varchar(220) NULL,
    "milliseconds" integer unsigned NOT NULL CHECK ("milliseconds" >= 0),
    "bytes" integer unsigned NULL CHECK ("bytes" >= 0),
    "unit_price" decimal NOT NULL,
    "album_id" bigint NULL REFERENCES "store_album" ("id") DEFERRABLE INITIALLY DEFERRED,
    "genre_id" bigint NULL REFERENCES "store_genre" ("id") DEFERRABLE INITIALLY DEFERRED,
    "media_type_id" bigint NOT NULL REFERENCES "store_mediatype" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "store_track_album_id_c9dc8851" ON "store_track" ("album_id");
CREATE INDEX "store_track_genre_id_2eb681c5" ON "store_track" ("genre_id");
CREATE INDEX "store_track_media_type_id_a6d4eacf" ON "store_track" ("media_type_id");

CREATE TABLE "store_employee" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "last_name" varchar(40) NOT NULL,
    "first_name" varchar(40) NOT NULL,
    "title" varchar(60) NULL,
    "birth_date" date NULL,
    "hire_date" date NULL,
    "city" varchar(40) NULL,
    "country" varchar(40) NULL,
    "phone" varchar(24) NULL,
    "email" varchar(60) NULL,
    "reports_to_id" bigint NULL REFERENCES "store_employee" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "store_employee_reports_to_id_d89393da" ON "store_employee" ("reports_to_id");

CREATE TABLE "store_customer" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "first_name" varchar(40) NOT NULL,
    "last_name" varchar(40) NOT NULL,
    "company" varchar(80) NULL,
    "address" varchar(70) NULL,
    "city" varchar(40) NULL,
    "state" varchar(40) NULL,
    "country" varchar(40) NULL,
    "postal_code" varchar(10) NULL,
    "phone" varchar(24) NULL,
    "email" varchar(60) NOT NULL UNIQUE,
    "support_rep_id" bigint NULL REFERENCES "store_employee" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "store_customer_support_rep_id_4520a536" ON "store_customer" ("support_rep_id");

CREATE TABLE "store_invoice" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "invoice_date" datetime NOT NULL,
    "billing_address" varchar(70) NULL,
    "billing_city" varchar(40) NULL,
    "billing_state" varchar(40) NULL,
    "billing_country" varchar(40) NULL,
    "billing_postal_code" varchar(10) NULL,
    "total" decimal NOT NULL,
    "customer_id" bigint NOT NULL REFERENCES "store_customer" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "store_invoice_customer_id_383361ac" ON "store_invoice" ("customer_id");

CREATE TABLE "store_invoiceline" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "unit_price" decimal NOT NULL,
    "quantity" integer unsigned NOT NULL CHECK ("quantity" >= 0),
    "invoice_id" bigint NOT NULL REFERENCES "store_invoice" ("id") DEFERRABLE INITIALLY DEFERRED,
    "track_id" bigint NOT NULL REFERENCES "store_track" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "store_invoiceline_invoice_id_0fd2368d" ON "store_invoiceline" ("invoice_id");
CREATE INDEX "store_invoiceline_track_id_70a464e2" ON "store_invoiceline" ("track_id");

CREATE TABLE "store_playlist" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(120) NOT NULL,
    "is_public" bool NOT NULL,
    "created_at" datetime NOT NULL,
    "updated_at" datetime NOT NULL,
    "owner_id" integer NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "store_playlist_owner_id_3cb6c63a" ON "store_playlist" ("owner_id");

CREATE TABLE "store_playlist_tracks" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "playlist_id" bigint NOT NULL REFERENCES "store_playlist" ("id") DEFERRABLE INITIALLY DEFERRED,
    "track_id" bigint NOT NULL REFERENCES "store_track" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX "store_playlist_tracks_playlist_id_track_id_648f7efb_uniq" ON "store_playlist_tracks" ("playlist_id", "track_id");
CREATE INDEX "store_playlist_tracks_playlist_id_a68750b3" ON "store_playlist_tracks" ("playlist_id");
CREATE INDEX "store_playlist_tracks_track_id_68057c5e" ON "store_playlist_tracks" ("track_id");
