CREATE TABLE IF NOT EXISTS conduit_user (
    id bigserial PRIMARY KEY,
    email varchar(254) NOT NULL UNIQUE,
    username varchar(150) NOT NULL UNIQUE,
    password varchar(128) NOT NULL,
    bio text,
    image text
);
CREATE TABLE IF NOT EXISTS conduit_user_followers (
    id bigserial PRIMARY KEY,
    from_id bigint NOT NULL REFERENCES conduit_user (id),
    to_id bigint NOT NULL REFERENCES conduit_user (id),
    UNIQUE (from_id, to_id)
);
CREATE INDEX IF NOT EXISTS conduit_user_followers_to_id ON conduit_user_followers (to_id);
CREATE TABLE IF NOT EXISTS conduit_article (
    id bigserial PRIMARY KEY,
    slug varchar(255) NOT NULL UNIQUE,
    title varchar(255) NOT NULL,
    description text NOT NULL,
    body text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    author_id bigint NOT NULL REFERENCES conduit_user (id)
);
CREATE INDEX IF NOT EXISTS conduit_article_author_id ON conduit_article (author_id);
CREATE INDEX IF NOT EXISTS conduit_article_created_at ON conduit_article (created_at DESC, id DESC);
CREATE TABLE IF NOT EXISTS conduit_article_favorited_by (
    id bigserial PRIMARY KEY,
    article_id bigint NOT NULL REFERENCES conduit_article (id),
    user_id bigint NOT NULL REFERENCES conduit_user (id),
    UNIQUE (article_id, user_id)
);
CREATE INDEX IF NOT EXISTS conduit_article_favorited_by_user_id
    ON conduit_article_favorited_by (user_id);
CREATE TABLE IF NOT EXISTS conduit_tag (
    id bigserial PRIMARY KEY,
    article_id bigint NOT NULL REFERENCES conduit_article (id),
    name varchar(100) NOT NULL
);
CREATE INDEX IF NOT EXISTS conduit_tag_article_id ON conduit_tag (article_id);
CREATE INDEX IF NOT EXISTS conduit_tag_name ON conduit_tag (name);
CREATE TABLE IF NOT EXISTS conduit_comment (
    id bigserial PRIMARY KEY,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    body text NOT NULL,
    author_id bigint NOT NULL REFERENCES conduit_user (id),
    article_id bigint NOT NULL REFERENCES conduit_article (id)
);
CREATE INDEX IF NOT EXISTS conduit_comment_article_id ON conduit_comment (article_id);
