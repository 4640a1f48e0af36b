# SPDX-License-Identifier: Apache-2.0
"""A page of HTML as a checker sees it."""

from html.parser import HTMLParser


class Outline(HTMLParser):
    """`tags` with their attributes, `links` out of it, `texts` by tag; `wrong` and `open`: what is not proper in it."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.wrong, self.links, self.texts = [], [], [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        names = [name for name, _ in attrs]
        self.wrong += [f"{tag} {n}" for n in names if names.count(n) > 1 or n.startswith("on") or n == "style"]
        self.links += [v for n, v in attrs if n in ("href", "src", "action", "data", "srcset", "formaction")]
        if tag not in ("meta", "link", "input", "br", "img", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data
