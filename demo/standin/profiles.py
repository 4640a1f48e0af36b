# SPDX-License-Identifier: Apache-2.0
"""What the invented people show of themselves: names, marks, addresses and pictures."""

from html import escape

from .server import Reply

PICTURES = "/profile_images/"
NAMES = {"alice": "Alice Ångström", "bob": "Bob 🦊", "carol": "Carol", "dave": "دیو"}
VERIFIED = {"alice", "carol"}
COLOURS = ("#0b57d0", "#7a3e9d", "#00695c", "#a04000", "#5d4037")


def of(handle, request):
    """The profile of a handle, as /2/users/me has it; pictures are where the request went."""
    return {"name": NAMES.get(handle, handle.capitalize()), "verified": handle in VERIFIED,
            "verified_type": "blue" if handle in VERIFIED else "none", "protected": False,
            "created_at": "2010-01-01T00:00:00.000Z",
            "profile_image_url": f"{request.scheme}://{request.host}{PICTURES}{handle}.svg",
            "confirmed_email": f"{handle}@users.example"}


def picture(_state, request, _verdict):
    """GET /profile_images/HANDLE.svg: a letter on a colour."""
    handle = request.path.removeprefix(PICTURES).removesuffix(".svg")
    colour = COLOURS[sum(map(ord, handle)) % len(COLOURS)]
    image = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48">'
             f'<rect width="48" height="48" fill="{colour}"/><text x="24" y="32" fill="#fff" '
             f'font-family="sans-serif" font-size="24" text-anchor="middle">'
             f'{escape(handle[:1].upper())}</text></svg>')
    return Reply(body=image.encode(), content_type="image/svg+xml")
