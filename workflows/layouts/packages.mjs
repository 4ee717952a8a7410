// What layouts get of others: `python3 dev.py bundle` makes static/layouts/packages.js of it.
import React from "react";
import { createRoot } from "react-dom/client";
import { transform } from "sucrase";

globalThis.layoutPackages = { React, createRoot, transform };
