/* SPDX-License-Identifier: Apache-2.0 */
#include "request/style.h"

#include <apr_encode.h>
#include <apr_strings.h>

#include "sealed/seal.h"

const char tw_style[] =
    ":root{color-scheme:light dark;--page:#f2f4f5;--card:#fff;--ink:#0f1419;"
    "--soft:#536471;--line:#cbd5db;--key:#0f1419;--on-key:#fff;"
    "--focus:#1565c0}"
    "@media(prefers-color-scheme:dark){:root{--page:#0b0d10;--card:#16191d;"
    "--ink:#e7e9ea;--soft:#a3adb4;--line:#3a444c;--key:#eff3f4;"
    "--on-key:#0f1419;--focus:#7cc0ff}}"
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:flex;flex-direction:column;"
    "align-items:center;padding:8vh 1rem 2rem;background:var(--page);"
    "color:var(--ink);font:1.0625rem/1.55 system-ui,sans-serif;"
    "overflow-wrap:anywhere}"
    "header,main,footer{width:100%;max-width:31rem}"
    "header{margin:0 0 1rem;padding:0 .25rem}"
    "header a{display:inline-flex;gap:.65rem;align-items:center;"
    "color:inherit;font-weight:600;text-decoration:none}"
    "header img{display:block;height:2.25rem;max-width:9rem}"
    "main{background:var(--card);border:1px solid var(--line);"
    "border-radius:1rem;padding:1.75rem 1.5rem}"
    "h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}"
    "h2{font-size:1.0625rem;line-height:1.3;margin:2rem 0 .5rem}"
    "p,ul{margin:0 0 .85rem}"
    "a{color:inherit}"
    "form{margin:0}"
    ".who{color:var(--soft)}"
    ".handle{white-space:nowrap}"
    ".person{display:flex;gap:.75rem;align-items:center}"
    ".person img{border-radius:50%;background:var(--line)}"
    ".mark{width:1em;height:1em;fill:currentColor;flex:none;"
    "vertical-align:-.125em}"
    ".go{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem;"
    "align-items:flex-end}"
    "label{display:flex;gap:.6rem;align-items:center;margin:0 0 1rem}"
    "input[type=checkbox]{width:1.2rem;height:1.2rem;margin:0;flex:none;"
    "accent-color:var(--focus)}"
    ".button{font:inherit;font-weight:600;display:inline-flex;gap:.5em;"
    "align-items:center;justify-content:center;text-align:center;"
    "min-height:2.75rem;max-width:100%;padding:.5rem 1.15rem;"
    "border:1px solid var(--soft);border-radius:1.4rem;"
    "text-decoration:none;color:inherit;background:none;cursor:pointer}"
    ".button:hover{border-color:var(--ink)}"
    ".first{background:var(--key);color:var(--on-key);"
    "border-color:var(--key)}"
    "a:focus-visible,button:focus-visible,input:focus-visible{"
    "outline:3px solid var(--focus);outline-offset:2px}"
    "ul.rows{list-style:none;padding:0}"
    ".rows li{display:flex;flex-wrap:wrap;gap:.5rem 1rem;"
    "align-items:center;justify-content:space-between;padding:.7rem 0;"
    "border-top:1px solid var(--line)}"
    ".rows small,.soft{display:block;color:var(--soft);font-size:.9375rem}"
    ".done{border:1px solid var(--line);border-inline-start-width:.35rem;"
    "border-radius:.5rem;padding:.6rem .9rem}"
    ".reference{margin:1.5rem 0 0;color:var(--soft);font-size:.875rem}"
    "footer{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;"
    "padding:1rem .25rem 0;font-size:.9375rem;color:var(--soft)}"
    "@media(max-width:24rem){.go>*,.go .button{width:100%}"
    "main{padding:1.35rem 1.1rem}}";

const char tw_style_mark[] =
    "<svg class=\"mark\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" "
    "focusable=\"false\"><path d=\"M2.5 2.5h5.8l13.2 19h-5.8zM18.9 2.5h2.5"
    "l-6.9 7.7-1.2-1.7zM9.5 13.7l1.2 1.8-5.4 6H2.6z\"/></svg>";

const char *tw_style_source(apr_pool_t *pool)
{
    unsigned char digest[TW_SHA256_LEN];

    tw_seal_sha256(digest, tw_style);
    return apr_pstrcat(pool, "'sha256-", apr_pencode_base64_binary(
        pool, digest, sizeof(digest), APR_ENCODE_NONE, NULL), "'", NULL);
}
