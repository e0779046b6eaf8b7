"""The plugin of reports for npm's mystmd: roles and directives whose numbers are those of a snapshot.

    project:
      plugins:
        - type: executable
          path: .venv/bin/headway-mystmd

mystmd starts the plugin for each role and directive of a document, so it imports the standard library alone; a test
holds that. `plugin` speaks mystmd's protocol, `finding` knows which document asks and which snapshot answers it,
`tree` makes nodes of an answer, `drawing` writes charts where mystmd finds them.
"""
