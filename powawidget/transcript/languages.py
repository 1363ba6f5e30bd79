"""Languages that a fence may name: renderers run or draw many another (mermaid, dot, vega, math).

A list of what is allowed, since nobody knows all that some renderer takes as a command. HTML and
what is like it, and languages of diagrams, data and notebooks are left out on purpose.
"""

_NAMES = """
    abap ada apl applescript asm assembly awk bash basic bat batch c c# c++ cc clojure cmake cmd
    cobol coffeescript common-lisp console cpp crystal cs csharp css csv cuda cxx cypher cython d
    dart delphi diff docker dockerfile elixir elm erlang f# fish fortran fsharp gherkin glsl go
    golang gradle graphql groovy haskell hcl hlsl hpp hs http ini ipython ipython3 java javascript
    jinja json json5 jsonc jsonl julia kotlin kql less lisp llvm log lua make makefile matlab
    mysql nasm ndjson nginx nim nix objc objective-c objectivec ocaml octave pascal patch perl php
    plain plaintext plpgsql plsql postgresql powershell prolog properties proto protobuf ps1 psql
    pwsh py pycon python python3 r racket rb reg regex rs ruby rust sas sass scala scheme scss sh
    shell shell-session smalltalk sol solidity sparql sql sqlite stata swift systemverilog tcl
    terraform text toml traceback tsql txt typescript v vb vba vbnet verilog vhdl vim wasm wat xml
    yaml yml zig zsh
"""
_PLAIN = frozenset(_NAMES.split())
# Observable's pages run a fence that is called by the short name.
_LONG = {"js": "javascript", "ts": "typescript"}


def plain(language: str) -> str:
    """Tell how a fence may name a language.

    Returns:
        The same, or its longer name; nothing where a renderer could take it for more than a name.
    """
    language = _LONG.get(language.lower(), language)
    return language if language.lower() in _PLAIN else ""
