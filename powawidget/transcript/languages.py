"""Languages that a fence may name: renderers run or draw many another (mermaid, dot, vega, math).

A list of what is allowed, since nobody knows all that some renderer takes as a command. HTML and
what is like it, and languages of diagrams, data and notebooks are left out on purpose.
"""

_NAMES = """
    abap ada apl applescript asm assembly awk bash basic batch bat c c# c++ clojure cmake cobol
    coffeescript common-lisp console cpp crystal cs csharp css csv cuda cypher cython d dart diff
    docker dockerfile elixir elm erlang f# fish fortran fsharp gherkin glsl go golang gradle
    graphql groovy haskell hcl hlsl hs ini java javascript jinja js json json5 jsonc jsonl julia
    kotlin kql less lisp llvm lua make makefile matlab nasm nginx nim nix objc objective-c ocaml
    octave pascal perl php plain plaintext plpgsql postgresql powershell prolog properties proto
    protobuf ps1 psql py python python3 r racket rb reg regex rs ruby rust sas sass scala scheme
    scss sh shell shell-session smalltalk sol solidity sparql sql stata swift systemverilog tcl
    terraform text toml traceback ts tsql txt typescript v vb vba vbnet verilog vhdl vim wasm
    wat xml yaml yml zig zsh
"""
_PLAIN = frozenset(_NAMES.split())


def plain(language: str) -> str:
    """Tell how a fence may name a language.

    Args:
        language: What a model, or we, call it.

    Returns:
        The same; nothing where a renderer could take it for more than a name.
    """
    return language if language.lower() in _PLAIN else ""
