#!/usr/bin/env python3
"""Makes the dictionary of the attribute `packed` (crates/posts/src/tweets/packed.dict) from made-up posts.

    pip install zstandard==0.25.0
    cargo run -- --keyword rain --keyword music …      # aviary, with its stub; let it collect some thousand posts
    curl 'localhost:8080/tweets?keyword=rain&format=jsonl&fields=all' > posts.jsonl
    python3 crates/posts/dictionary.py posts.jsonl

The stub's addresses are written as X writes its own, so that the dictionary is of use for both.
"""

import json
import sys
import zstandard

# Fields that are attributes of their own, and so are not packed (crates/posts/src/post/fields.rs).
ATTRIBUTES = {
    "tweetId", "createDate", "text", "authorId", "authorName", "authorUsername", "country", "countrySource", "countryHow",
    "language", "conversationId", "references", "editOf", "editedAt", "supersededBy", "keyword", "expiresAt",
}
ADDRESSES = {
    "pbs.stub.example": "pbs.twimg.com",
    "video.stub.example": "video.twimg.com/ext_tw_video",
    "pic.stub.example": "pic.x.com",
    "stub.example": "x.com",
    "t.co/stub": "t.co/",
}
SIZE = 16 * 1024


def samples(lines):
    for number, line in enumerate(lines):
        post = json.loads(line)
        raw = post.pop("raw")
        packed = {name: value for name, value in post.items() if name not in ATTRIBUTES}
        text = "\n".join(json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in (packed, raw))
        if number % 2:
            for made_up, real in ADDRESSES.items():
                text = text.replace(made_up, real)
        yield text.encode()


def main():
    lines = [line for name in sys.argv[1:] for line in open(name, encoding="utf-8")]
    posts = list(samples(lines))
    dictionary = zstandard.train_dictionary(SIZE, posts[: len(posts) * 9 // 10], level=6, dict_id=1)
    with open("crates/posts/src/tweets/packed.dict", "wb") as file:
        file.write(dictionary.as_bytes())
    compressor = zstandard.ZstdCompressor(level=6, dict_data=dictionary)
    rest = posts[len(posts) * 9 // 10 :]
    before, after = sum(map(len, rest)), sum(len(compressor.compress(post)) for post in rest)
    print(f"{len(posts)} posts; of the last tenth, {before // len(rest)} bytes become {after // len(rest)} on average")


if __name__ == "__main__":
    main()
