"""The general administrative procedure of the Netherlands (Awb) and a tree-felling permit, modelled by the province of Flevoland, as journeys."""
