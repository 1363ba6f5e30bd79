-- Reads lists of markdown, a line of JSON each, and writes the HTML that pandoc makes of them.

local options = { html_math_method = "mathjax" }

for line in io.lines() do
  local asked = pandoc.json.decode(line, false)
  local told = {}
  for index, text in ipairs(asked.texts) do
    told[index] = pandoc.write(pandoc.read(text, asked.format), "html", options)
  end
  io.write(pandoc.json.encode(told), "\n")
  io.flush()
end
